import VulkanCompute

/// Forget and input gates of the MLGRU from their projections, in place.
///
/// Buffers: zi becomes the input gate, zf the forget gate; lower bound (`Shaders/mlgru_gates`).
public struct MLGRUGates: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var tokens, channels, stride: UInt32 }

    public static let bindings = 3

    /// Rows.
    public var tokens: Int
    /// Width of the recurrent state, D.
    public var channels: Int
    /// Whether the forget gate has a lower bound.
    public var hasLowerBound: Bool

    public init(tokens: Int, channels: Int, hasLowerBound: Bool) {
        self.tokens = tokens
        self.channels = channels
        self.hasLowerBound = hasLowerBound
    }

    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.mlgruGates }
    // constant_id 0, the subgroup size, is not this shader's.
    public func constants(for device: DeviceTraits) -> [UInt32] { [0, hasLowerBound ? 1 : 0] }
    public var params: Params {
        Params(tokens: UInt32(tokens), channels: UInt32(channels), stride: UInt32(paddedWidth(channels)))
    }
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(channels, 256), tokens) }
}
