import VulkanCompute

/// One step of the MLGRU for several sequences at once, from the projections to the quantised rows that o_proj multiplies.
///
/// Buffers: i_proj, f_proj, g_proj, lower bound, sequence of each row, state, outer, combined, codes, step, code sum
/// (`Shaders/mlgru_step_quantize`).
public struct MLGRUStepQuantize: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var plane, stateStride: UInt32 }

    /// The buffers named above: more than every device can bind.
    public static let bindings = 11

    /// Rows, each of a sequence of its own.
    public var rows: Int
    /// Width of the recurrent state, D.
    public var channels: Int
    /// Values from the state of one sequence to that of the next, a multiple of 4.
    public var stateStride: Int
    /// Epsilon of the block norm in front of o_proj.
    public var outerEpsilon: Float
    /// Whether the forget gate has a lower bound.
    public var hasLowerBound: Bool

    /// Describes one dispatch.
    public init(rows: Int, channels: Int, stateStride: Int, outerEpsilon: Float, hasLowerBound: Bool) {
        precondition(stateStride.isMultiple(of: 4) && stateStride >= paddedWidth(channels), "states \(stateStride) values apart")
        self.rows = rows
        self.channels = channels
        self.stateStride = stateStride
        self.outerEpsilon = outerEpsilon
        self.hasLowerBound = hasLowerBound
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.mlgruStepQuantize }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        RowNorm(outerEpsilon: outerEpsilon).constants(columns: channels, device: device) + [hasLowerBound ? 1 : 0]
    }
    /// As the shader declares them; there is one plane of codes.
    public var params: Params { Params(plane: UInt32(rows), stateStride: UInt32(stateStride / 4)) }
    /// A work group a row.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (rows, 1) }
}
