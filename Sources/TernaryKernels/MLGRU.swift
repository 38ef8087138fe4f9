import VulkanCompute

/// The MLGRU recurrence over a sequence, in time order.
///
/// Buffers: forget gate, input gate, state, hidden (`Shaders/mlgru`).
public struct MLGRU: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var tokens, channels, stride: UInt32 }

    public static let bindings = 4

    /// Steps.
    public var tokens: Int
    /// Width of the recurrent state, D.
    public var channels: Int

    public init(tokens: Int, channels: Int) {
        self.tokens = tokens
        self.channels = channels
    }

    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.mlgru }
    public func constants(for device: DeviceTraits) -> [UInt32] { [] }
    public var params: Params {
        Params(tokens: UInt32(tokens), channels: UInt32(channels), stride: UInt32(paddedWidth(channels)))
    }
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(channels, 64), 1) }
}
