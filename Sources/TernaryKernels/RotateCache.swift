import TernaryCore
import VulkanCompute

/// Norms of heads, rotary embedding, and keeping keys and values: what lies between projections and ``AttentionPrompt``.
///
/// Buffers (`Shaders/rotate_cache`):
/// - qkv: `(tokens, qkvStride)` f32, q before k before v
/// - rows: a sequence and a position of each token, two u32
/// - pages: `(sequences, mostPages)` u32
/// - turns: `(positions, d)` f32, `RotaryEmbedding.turn`'s cosines before its sines
/// - norms: `(2, paddedHeadSize)` f32, q's and k's; anything where there are none
/// - query: `(tokens, queryStride)` f32, written
/// - cache: one layer's, written
public struct RotateCache: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var qkvStride, mostPages: UInt32 }

    /// The buffers named above.
    public static let bindings = 7

    /// Rows of the pass.
    public var tokens: Int
    /// Heads and cache.
    public var shape: AttentionShape
    /// Pages that a sequence has room for in `pages`.
    public var mostPages: Int
    /// Which heads pass a norm.
    public var normsQuery, normsKey: Bool
    /// Of the norms of heads.
    public var epsilon: Float

    /// Describes one dispatch.
    public init(
        tokens: Int, shape: AttentionShape, mostPages: Int, normsQuery: Bool = false, normsKey: Bool = false, epsilon: Float = 0
    ) {
        self.tokens = tokens
        self.shape = shape
        self.mostPages = mostPages
        self.normsQuery = normsQuery
        self.normsKey = normsKey
        self.epsilon = epsilon
    }

    /// A build for each kind of cache.
    public func code(for device: DeviceTraits) -> ShaderCode {
        switch shape.cache {
        case .float32: CompiledKernels.rotateCacheF32
        case .float16: CompiledKernels.rotateCacheF16
        case .q8: CompiledKernels.rotateCacheQ8
        }
    }

    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        [
            UInt32(device.subgroupSize), UInt32(shape.heads), UInt32(shape.keyValueHeads), UInt32(shape.headSize),
            (1 / Float(shape.headSize)).bitPattern, (normsQuery ? 1 : 0) | (normsKey ? 2 : 0), epsilon.bitPattern,
            UInt32(shape.team),
        ]
    }
    /// As the shader declares them.
    public var params: Params { Params(qkvStride: UInt32(shape.qkvStride), mostPages: UInt32(mostPages)) }
    /// Along the heads, and along tokens.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) {
        (ceilDivide(shape.heads + 2 * shape.keyValueHeads, 256 / shape.team), tokens)
    }
}
