import TernaryCore
import VulkanCompute

/// int8 quantisation of normalised rows: the second dispatch of the unfused BitLinear.
///
/// Buffers: weighted, root inverse, codes, step, code sum (`Shaders/quantize`).
public struct Quantize: Kernel {
    /// The shader has no push constants.
    public struct Params: BitwiseCopyable, Sendable {}

    /// The buffers named above.
    public static let bindings = 5

    /// Rows.
    public var tokens: Int
    /// Values in a row.
    public var columns: Int
    /// Where codes half between integers go.
    public var rounding: Exact.HalfRounding

    /// Describes one dispatch.
    public init(tokens: Int, columns: Int, rounding: Exact.HalfRounding = .awayFromZero) {
        self.tokens = tokens
        self.columns = columns
        self.rounding = rounding
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.quantize }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        [UInt32(device.subgroupSize), UInt32(paddedWidth(columns)), rounding.rawValue]
    }
    /// As the shader declares them.
    public var params: Params { Params() }
    /// A work group a row.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (tokens, 1) }
}
