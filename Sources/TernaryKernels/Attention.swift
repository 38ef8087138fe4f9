import TernaryCore
import VulkanCompute

/// Attention of few rows, which may be of different sequences: what each chunk of 64 keys adds; ``AttentionJoin`` joins the chunks.
///
/// Buffers (`Shaders/attention`):
/// - query: `(tokens, queryStride)` f32 of ``RotateCache``
/// - rows: a sequence and a position of each token, two u32
/// - pages: `(sequences, mostPages)` u32
/// - cache: one layer's
/// - partial: ``partialByteCount`` bytes, written
public struct Attention: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var chunks, mostPages: UInt32 }

    /// The buffers named above.
    public static let bindings = 5

    /// Rows of the pass.
    public var tokens: Int
    /// Heads and cache.
    public var shape: AttentionShape
    /// Chunks of keys: at least `AttentionShape.chunks(upTo:)` of the pass's largest position. More cost time only.
    public var chunks: Int
    /// Pages that a sequence has room for in `pages`.
    public var mostPages: Int

    /// Describes one dispatch.
    public init(tokens: Int, shape: AttentionShape, chunks: Int, mostPages: Int) {
        self.tokens = tokens
        self.shape = shape
        self.chunks = chunks
        self.mostPages = mostPages
    }

    /// Bytes that `partial` needs.
    public var partialByteCount: Int { tokens * shape.heads * chunks * (shape.paddedHeadSize + 4) * 4 }

    /// A build for each kind of cache.
    public func code(for device: DeviceTraits) -> ShaderCode {
        switch shape.cache {
        case .float32: CompiledKernels.attentionF32
        case .float16: CompiledKernels.attentionF16
        case .q8: CompiledKernels.attentionQ8
        }
    }

    /// Query heads that a work group takes, of the same key head; shared memory holds eight.
    private var share: Int { (1...8).last { shape.group.isMultiple(of: $0) }! }

    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        [
            UInt32(device.subgroupSize), UInt32(shape.heads), UInt32(shape.keyValueHeads), UInt32(shape.quads),
            shape.scale.bitPattern, UInt32(share),
        ]
    }
    /// As the shader declares them.
    public var params: Params { Params(chunks: UInt32(chunks), mostPages: UInt32(mostPages)) }
    /// Along chunks, and along rows and heads.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (chunks, tokens * shape.heads / share) }
}
