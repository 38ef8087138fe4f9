import VulkanCompute

/// The norms in front of ternary matrices and int8 quantisation in one dispatch, one or three weightings of each row.
///
/// Buffers: x, statistic, outer, combined, codes, step, code sum (`Shaders/norm_quantize`).
public struct NormQuantize: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var plane: UInt32 }

    /// The buffers named above.
    public static let bindings = 7

    /// Rows of x.
    public var tokens: Int
    /// Features.
    public var columns: Int
    /// Weightings of each row: 1 or 3.
    public var norms: Int
    /// Rows between the codes of one weighting and the next.
    public var plane: Int
    /// The norms in front, and how codes are rounded.
    public var norm: RowNorm
    /// Whether the outer norm measures another row than x.
    public var hasSeparateStatistic: Bool

    /// Describes one dispatch.
    public init(
        tokens: Int, columns: Int, norms: Int, plane: Int, norm: RowNorm, hasSeparateStatistic: Bool = false
    ) {
        precondition(norms == 1 || norms == 3, "\(norms) weightings")
        self.tokens = tokens
        self.columns = columns
        self.norms = norms
        self.plane = plane
        self.norm = norm
        self.hasSeparateStatistic = hasSeparateStatistic
    }

    /// A build for each number of weightings.
    public func code(for device: DeviceTraits) -> ShaderCode {
        norms == 3 ? CompiledKernels.normQuantize3 : CompiledKernels.normQuantize
    }
    /// In order of `constant_id`; one row a work group.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        norm.constants(columns: columns, device: device) + [hasSeparateStatistic ? 1 : 0]
    }
    /// As the shader declares them.
    public var params: Params { Params(plane: UInt32(plane)) }
    /// A work group a row.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (tokens, 1) }
}
