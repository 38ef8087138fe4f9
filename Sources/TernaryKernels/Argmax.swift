import VulkanCompute

/// The place of each row's largest value, the first among equals.
///
/// Buffers: logits, next, drawn (`Shaders/argmax`).
public struct Argmax: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var columns, firstDrawn: UInt32 }

    /// The buffers named above.
    public static let bindings = 3

    /// Rows of logits.
    public var rows: Int
    /// Values of a row, which is not padded.
    public var columns: Int
    /// Where in `drawn` the results begin.
    public var firstDrawn: Int

    /// Describes one dispatch.
    public init(rows: Int, columns: Int, firstDrawn: Int = 0) {
        self.rows = rows
        self.columns = columns
        self.firstDrawn = firstDrawn
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.argmax }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        // constant_id 0, the subgroup size, is not this shader's.
        [0, device.hidesLatency ? 16 : 2]
    }
    /// As the shader declares them.
    public var params: Params { Params(columns: UInt32(columns), firstDrawn: UInt32(firstDrawn)) }
    /// A work group a row.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (rows, 1) }
}
