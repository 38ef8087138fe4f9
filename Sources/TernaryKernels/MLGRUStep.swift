import VulkanCompute

/// One step of the MLGRU for several sequences at once, from the projections to the output gate.
///
/// Buffers: i_proj, f_proj, g_proj, lower bound, sequence of each row, state, gated (`Shaders/mlgru_step`).
public struct MLGRUStep: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var channels, stride, stateStride: UInt32 }

    /// The buffers named above.
    public static let bindings = 7

    /// Rows, each of a sequence of its own.
    public var rows: Int
    /// Width of the recurrent state, D.
    public var channels: Int
    /// Values from the state of one sequence to that of the next.
    public var stateStride: Int
    /// Whether the forget gate has a lower bound.
    public var hasLowerBound: Bool

    /// Describes one dispatch.
    public init(rows: Int, channels: Int, stateStride: Int, hasLowerBound: Bool) {
        self.rows = rows
        self.channels = channels
        self.stateStride = stateStride
        self.hasLowerBound = hasLowerBound
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.mlgruStep }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        // constant_id 0, the subgroup size, is not this shader's.
        [0, hasLowerBound ? 1 : 0]
    }
    /// As the shader declares them.
    public var params: Params {
        Params(channels: UInt32(channels), stride: UInt32(paddedWidth(channels)), stateStride: UInt32(stateStride))
    }
    /// An invocation a channel of a row.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(channels, 256), rows) }
}
