import VulkanCompute

/// The MLGRU recurrence over a sequence, in time order.
///
/// Buffers: forget gate, input gate, state, hidden (`Shaders/mlgru`).
public struct MLGRU: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var tokens, channels, stride: UInt32 }

    /// The buffers named above.
    public static let bindings = 4

    /// Steps.
    public var tokens: Int
    /// Width of the recurrent state, D.
    public var channels: Int

    /// Describes one dispatch.
    public init(tokens: Int, channels: Int) {
        self.tokens = tokens
        self.channels = channels
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.mlgru }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        // constant_id 0, the subgroup size, is not this shader's.
        [0, device.hidesLatency ? 16 : 2]
    }
    /// As the shader declares them.
    public var params: Params {
        Params(tokens: UInt32(tokens), channels: UInt32(channels), stride: UInt32(paddedWidth(channels)))
    }
    /// An invocation a channel.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(channels, 64), 1) }
}
