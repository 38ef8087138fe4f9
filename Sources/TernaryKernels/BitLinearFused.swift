import VulkanCompute

/// BitLinear in one dispatch, with optional biases and an optional addition to the residual stream.
///
/// Buffers: x, statistic, outer, combined, weights, terms, y (`Shaders/bitlinear_fused`).
public struct BitLinearFused: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable {
        var rows, yStride: UInt32
        var scale: Float
    }

    /// The buffers named above.
    public static let bindings = 7

    /// Rows of x.
    public var tokens: Int
    /// Output features.
    public var rows: Int
    /// Input features.
    public var columns: Int
    /// Distance between rows of y.
    public var yStride: Int
    /// Scales and biases of the rows.
    public var terms: RowTerms
    /// The norms in front, and how codes are rounded.
    public var norm: RowNorm
    /// Whether the product is added to y.
    public var addsResidual: Bool
    /// Whether the outer norm measures another row than x.
    public var hasSeparateStatistic: Bool

    /// Describes one dispatch.
    public init(
        tokens: Int, rows: Int, columns: Int, yStride: Int, terms: RowTerms, norm: RowNorm, addsResidual: Bool,
        hasSeparateStatistic: Bool = false
    ) {
        self.tokens = tokens
        self.rows = rows
        self.columns = columns
        self.yStride = yStride
        self.terms = terms
        self.norm = norm
        self.addsResidual = addsResidual
        self.hasSeparateStatistic = hasSeparateStatistic
    }

    /// Whether this device's shared memory holds a row of `columns` codes.
    public static func fits(columns: Int, device: DeviceTraits) -> Bool {
        FusedShape.fits(columns: columns, norms: 1, device: device)
    }

    /// With the packed dot product where the device has it.
    public func code(for device: DeviceTraits) -> ShaderCode {
        device.integerDot ? CompiledKernels.bitlinearFusedDot : CompiledKernels.bitlinearFused
    }

    private func shape(_ device: DeviceTraits) -> FusedShape {
        FusedShape(
            rows: rows, columns: columns, norms: 1, matrices: 1, tokens: tokens, norm: norm, device: device)
    }

    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        shape(device).constants(for: device) + [addsResidual ? 1 : 0, hasSeparateStatistic ? 1 : 0, terms.constant]
    }

    /// As the shader declares them.
    public var params: Params {
        Params(rows: UInt32(rows), yStride: UInt32(yStride), scale: terms.matrixScale)
    }

    /// Work groups along the rows of the matrix, and along tokens.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { shape(device).workgroups }
}
