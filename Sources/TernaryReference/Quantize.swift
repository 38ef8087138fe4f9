import TernaryCore

/// A row of int8 codes; `codes * step` approximates the normalised row.
public struct QuantizedRow: Equatable, Sendable {
    /// `(width)`, -127...127.
    public var codes: [Int8]
    /// What one code stands for.
    public var step: Float
}

/// Quantises a row to int8 by its largest magnitude; that magnitude counts as at least 1e-5.
///
/// - Parameter rounding: of halves: away from zero in MatMul-free models (upstream's fused kernel), to even in transformers.
/// - Note: absmax quantisation per token, BitNet b1.58 (arXiv 2402.17764), section 2.
public func quantize(_ row: NormalizedRow, rounding: Exact.HalfRounding = .awayFromZero) -> QuantizedRow {
    let largest = row.weighted.reduce(0) { max($0, abs($1)) }
    let peak = largest * row.rootInverse
    // The normalised row's 127 / max|y| without the factor that cancels.
    let levels = peak > 1e-5 ? 127 * Exact.reciprocal(largest) : 12_700_000 * row.rootInverse
    return QuantizedRow(
        codes: row.weighted.map { Exact.roundToInt8($0 * levels, rounding) }, step: max(peak, 1e-5) * (1 / 127))
}
