import VulkanCompute

/// Forget and input gates of the MLGRU from their projections, in place.
///
/// Buffers: zi becomes the input gate, zf the forget gate; lower bound (`Shaders/mlgru_gates`).
public struct MLGRUGates: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var tokens, channels, stride: UInt32 }

    /// The buffers named above.
    public static let bindings = 3

    /// Rows.
    public var tokens: Int
    /// Width of the recurrent state, D.
    public var channels: Int
    /// Whether the forget gate has a lower bound.
    public var hasLowerBound: Bool

    /// Describes one dispatch.
    public init(tokens: Int, channels: Int, hasLowerBound: Bool) {
        self.tokens = tokens
        self.channels = channels
        self.hasLowerBound = hasLowerBound
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.mlgruGates }
    // constant_id 0, the subgroup size, is not this shader's.
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] { [0, hasLowerBound ? 1 : 0] }
    /// As the shader declares them.
    public var params: Params {
        Params(tokens: UInt32(tokens), channels: UInt32(channels), stride: UInt32(paddedWidth(channels)))
    }
    /// An invocation a channel of a token.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(channels, 256), tokens) }
}
