import TernaryCore
import VulkanCompute

/// Attention of a decode step in one dispatch, from the projections on: norms of heads, rotary embedding, keeping keys and values, and
/// attention. Rows are of different sequences, one token each; the same bits as ``RotateCache`` and ``AttentionPrompt``.
///
/// Buffers (`Shaders/attention_step`):
/// - qkv: `(tokens, qkvStride)` f32, q before k before v
/// - rows: a sequence and a position of each token, two u32
/// - pages: `(sequences, mostPages)` u32
/// - turns: `(positions, d)` f32, `RotaryEmbedding.turn`'s cosines before its sines
/// - norms: `(2, paddedHeadSize)` f32, q's and k's; anything where there are none
/// - cache: one layer's, read and written
/// - partial: ``partialByteCount`` bytes, for what chunks of 64 keys add
/// - arrivals: ``arrivalByteCount`` bytes, zeros before and after
/// - attended: `(tokens, attendedStride)` f32, written
public struct AttentionStep: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var qkvStride, mostPages, chunks, stride: UInt32 }

    /// The buffers named above.
    public static let bindings = 9

    /// Rows of the pass.
    public var tokens: Int
    /// Heads and cache.
    public var shape: AttentionShape
    /// Chunks of keys: at least `AttentionShape.chunks(upTo:)` of the pass's largest position. More cost time only.
    public var chunks: Int
    /// Pages that a sequence has room for in `pages`.
    public var mostPages: Int
    /// Which heads pass a norm.
    public var normsQuery, normsKey: Bool
    /// Of the norms of heads.
    public var epsilon: Float

    /// Describes one dispatch.
    public init(
        tokens: Int, shape: AttentionShape, chunks: Int, mostPages: Int, normsQuery: Bool = false, normsKey: Bool = false,
        epsilon: Float = 0
    ) {
        self.tokens = tokens
        self.shape = shape
        self.chunks = chunks
        self.mostPages = mostPages
        self.normsQuery = normsQuery
        self.normsKey = normsKey
        self.epsilon = epsilon
    }

    /// Bytes that `partial` needs.
    public var partialByteCount: Int { tokens * shape.heads * chunks * (shape.paddedHeadSize + 4) * 4 }
    /// Bytes that `arrivals` needs.
    public var arrivalByteCount: Int { tokens * shape.heads / share * 4 }

    /// A build for each kind of cache.
    public func code(for device: DeviceTraits) -> ShaderCode {
        switch shape.cache {
        case .float32: CompiledKernels.attentionStepF32
        case .float16: CompiledKernels.attentionStepF16
        case .q8: CompiledKernels.attentionStepQ8
        }
    }

    /// Query heads that a work group takes, of the same key head; shared memory holds eight.
    private var share: Int { (1...8).last { shape.group.isMultiple(of: $0) }! }

    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        [
            UInt32(device.subgroupSize), UInt32(shape.heads), UInt32(shape.keyValueHeads), UInt32(shape.headSize),
            (1 / Float(shape.headSize)).bitPattern, (normsQuery ? 1 : 0) | (normsKey ? 2 : 0), epsilon.bitPattern,
            UInt32(shape.team), shape.scale.bitPattern, UInt32(share), device.hidesLatency ? 8 : 1,
        ]
    }
    /// As the shader declares them.
    public var params: Params {
        Params(
            qkvStride: UInt32(shape.qkvStride), mostPages: UInt32(mostPages), chunks: UInt32(chunks),
            stride: UInt32(shape.attendedStride))
    }
    /// Along chunks, and along rows and heads.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (chunks, tokens * shape.heads / share) }
}
