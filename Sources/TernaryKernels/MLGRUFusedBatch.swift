import VulkanCompute

/// One step of the MLGRU token mixer up to its output gate for several sequences, in one dispatch: what `MLGRUFused` does for one.
///
/// Buffers: x, outer, combined (i, f, g), weights (i, f, g), lower bound, state, gate, gated, sequence of each row
/// (`Shaders/mlgru_fused`).
public struct MLGRUFusedBatch: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable {
        var step: MLGRUFused.Params
        var sequenceStride: UInt32
    }

    /// The buffers named above.
    public static let bindings = 9

    /// Rows of x, each of a sequence of its own.
    public var rows: Int
    /// Values from the state of one sequence to that of the next.
    public var sequenceStride: Int
    /// The step of one row.
    public var step: MLGRUFused

    /// Describes one dispatch.
    ///
    /// - Parameter step: for one token.
    public init(_ step: MLGRUFused, rows: Int, sequenceStride: Int) {
        precondition(!step.isSequence, "rows of a batch do not wait for each other")
        self.step = step
        self.rows = rows
        self.sequenceStride = sequenceStride
    }

    /// With the packed dot product where the device has it.
    public func code(for device: DeviceTraits) -> ShaderCode {
        device.integerDot ? CompiledKernels.mlgruFusedBatchDot : CompiledKernels.mlgruFusedBatch
    }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] { step.constants(for: device) }
    /// As the shader declares them.
    public var params: Params { Params(step: step.params, sequenceStride: UInt32(sequenceStride)) }
    /// Work groups along the channels, and along rows.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (step.workgroups(for: device).x, rows) }
}
