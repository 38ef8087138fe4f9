import VulkanCompute

/// Joins what ``Attention`` finds for chunks of keys, in their order.
///
/// Buffers (`Shaders/attention_join`):
/// - partial: of ``Attention`` with the same `chunks`
/// - rows: a sequence and a position of each token, two u32
/// - attended: `(tokens, attendedStride)` f32, written
public struct AttentionJoin: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var chunks, stride: UInt32 }

    /// The buffers named above.
    public static let bindings = 3

    /// Rows of the pass.
    public var tokens: Int
    /// Heads and cache.
    public var shape: AttentionShape
    /// Chunks that `partial` has room for.
    public var chunks: Int

    /// Describes one dispatch.
    public init(tokens: Int, shape: AttentionShape, chunks: Int) {
        self.tokens = tokens
        self.shape = shape
        self.chunks = chunks
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.attentionJoin }
    /// In order of `constant_id`; 0, the subgroup size, is not this shader's.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        [0, UInt32(shape.heads), UInt32(shape.headSize), device.hidesLatency ? 8 : 1]
    }
    /// As the shader declares them.
    public var params: Params { Params(chunks: UInt32(chunks), stride: UInt32(shape.attendedStride)) }
    /// A work group a head of a row.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (shape.heads, tokens) }
}
