import VulkanCompute

/// Rows normalised by their root mean square and weighted, as floats.
///
/// Buffers (`Shaders/norm_rows`): x `(tokens, paddedWidth(columns))`, weight `(paddedWidth(columns))`, both padded with zeros,
/// y `(rows, paddedWidth(columns))`; f32.
public struct NormRows: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var firstRow: UInt32 }

    /// The buffers named above.
    public static let bindings = 3

    /// Rows of x; y begins with the first of them.
    public var rows: Range<Int>
    /// Values in a row.
    public var columns: Int
    /// What is added to the mean square.
    public var epsilon: Float

    /// Describes one dispatch.
    public init(rows: Range<Int>, columns: Int, epsilon: Float) {
        self.rows = rows
        self.columns = columns
        self.epsilon = epsilon
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.normRows }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        [
            UInt32(device.subgroupSize), UInt32(paddedWidth(columns)), (1 / Float(columns)).bitPattern, epsilon.bitPattern,
        ]
    }
    /// As the shader declares them.
    public var params: Params { Params(firstRow: UInt32(rows.lowerBound)) }
    /// A work group a row.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (rows.count, 1) }
}
