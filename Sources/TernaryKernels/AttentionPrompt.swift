import TernaryCore
import VulkanCompute

/// Causal attention of many rows of one sequence at consecutive positions; the same bits as ``AttentionStep``.
///
/// Buffers (`Shaders/attention_prompt`):
/// - query: `(tokens, queryStride)` f32 of ``RotateCache``, which has kept all rows' keys and values before
/// - rows: of which the first is read: the sequence, and the first token's position
/// - pages: `(sequences, mostPages)` u32
/// - cache: one layer's
/// - attended: `(tokens, attendedStride)` f32, written
public struct AttentionPrompt: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var tokens, mostPages, stride: UInt32 }

    /// The buffers named above.
    public static let bindings = 5

    /// Rows of the pass.
    public var tokens: Int
    /// Heads and cache.
    public var shape: AttentionShape
    /// Pages that a sequence has room for in `pages`.
    public var mostPages: Int

    /// Describes one dispatch.
    public init(tokens: Int, shape: AttentionShape, mostPages: Int) {
        self.tokens = tokens
        self.shape = shape
        self.mostPages = mostPages
    }

    /// A build for each kind of cache.
    public func code(for device: DeviceTraits) -> ShaderCode {
        switch shape.cache {
        case .float32: CompiledKernels.attentionPromptF32
        case .float16: CompiledKernels.attentionPromptF16
        case .q8: CompiledKernels.attentionPromptQ8
        }
    }

    /// Query heads in a tile of 32 rows.
    private var share: Int { [32, 16, 8, 4, 2, 1].first { shape.group.isMultiple(of: $0) }! }

    /// In order of `constant_id`; 0, the subgroup size, is not this shader's.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        [
            0, UInt32(shape.heads), UInt32(shape.keyValueHeads), UInt32(shape.headSize), shape.scale.bitPattern, UInt32(share),
            UInt32(max(768, 16 * shape.quads)),
        ]
    }
    /// As the shader declares them.
    public var params: Params {
        Params(tokens: UInt32(tokens), mostPages: UInt32(mostPages), stride: UInt32(shape.attendedStride))
    }
    /// Along heads, and along tokens.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) {
        (shape.heads / share, ceilDivide(tokens, 32 / share))
    }
}
