import VulkanCompute

/// The MLGRU recurrence over a sequence, in time order.
///
/// Buffers: forget gate, input gate, state, hidden, lower bound (`Shaders/mlgru`).
public struct MLGRU: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var tokens, channels, stride: UInt32 }

    /// What the first two buffers hold.
    public enum Gates: UInt32, Sendable {
        /// The gates; the lower bound is not read.
        case whole
        /// sigmoid(f_proj) and SiLU(i_proj), as the products' epilogues leave them.
        case unbounded
        /// The same, and the forget gate has a lower bound.
        case bounded
    }

    /// The buffers named above.
    public static let bindings = 5

    /// Steps.
    public var tokens: Int
    /// Width of the recurrent state, D.
    public var channels: Int
    /// What the first two buffers hold.
    public var gates: Gates

    /// Describes one dispatch.
    public init(tokens: Int, channels: Int, gates: Gates = .whole) {
        self.tokens = tokens
        self.channels = channels
        self.gates = gates
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.mlgru }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        // constant_id 0, the subgroup size, is not this shader's.
        [0, device.hidesLatency ? 32 : 8, gates.rawValue]
    }
    /// As the shader declares them.
    public var params: Params {
        Params(tokens: UInt32(tokens), channels: UInt32(channels), stride: UInt32(paddedWidth(channels)))
    }
    /// 32 channels each.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(channels, 32), 1) }
}
