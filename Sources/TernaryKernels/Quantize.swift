import VulkanCompute

/// int8 quantisation of normalised rows: the second dispatch of the unfused BitLinear.
///
/// Buffers: weighted, root inverse, codes, step, code sum (`Shaders/quantize`).
public struct Quantize: Kernel {
    /// The shader has no push constants.
    public struct Params: BitwiseCopyable, Sendable {}

    public static let bindings = 5

    /// Rows.
    public var tokens: Int
    /// Values in a row.
    public var columns: Int

    public init(tokens: Int, columns: Int) {
        self.tokens = tokens
        self.columns = columns
    }

    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.quantize }
    public func constants(for device: DeviceTraits) -> [UInt32] { [UInt32(device.subgroupSize), UInt32(paddedWidth(columns))] }
    public var params: Params { Params() }
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (tokens, 1) }
}
