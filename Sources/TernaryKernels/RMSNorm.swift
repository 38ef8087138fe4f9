import VulkanCompute

/// The norms in front of a ternary matrix, alone: the first dispatch of the unfused BitLinear.
///
/// Buffers: x, statistic, outer, combined, weighted, root inverse (`Shaders/rmsnorm`).
public struct RMSNorm: Kernel {
    /// The shader has no push constants.
    public struct Params: BitwiseCopyable, Sendable {}

    /// The buffers named above.
    public static let bindings = 6

    /// Rows of x.
    public var tokens: Int
    /// Values in a row.
    public var columns: Int
    /// The norms; rounding does not matter yet.
    public var norm: RowNorm

    /// Describes one dispatch.
    public init(tokens: Int, columns: Int, norm: RowNorm) {
        self.tokens = tokens
        self.columns = columns
        self.norm = norm
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.rmsnorm }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        norm.constants(columns: columns, device: device)
    }
    /// As the shader declares them.
    public var params: Params { Params() }
    /// A work group a row.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (tokens, 1) }
}
