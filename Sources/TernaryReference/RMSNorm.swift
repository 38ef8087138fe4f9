import TernaryCore

/// Normalises a row by its root mean square: x / sqrt(mean(x^2) + epsilon) * weight.
///
/// - Parameters:
///   - x: `(width)`.
///   - weight: `(width)`.
/// - Note: RMSNorm (arXiv 1910.07467) in canonical arithmetic.
public func rmsNorm(_ x: [Float], weight: [Float], epsilon: Float) -> [Float] {
    let rootInverse = rootInverse(of: x, epsilon: epsilon)
    return zip(x, weight).map { Exact.settle(Exact.settle($0 * rootInverse) * $1) }
}

/// 1/sqrt(mean(x^2) + epsilon).
func rootInverse(of x: [Float], epsilon: Float) -> Float {
    Exact.reciprocalSquareRoot(meanSquare(x) + epsilon)
}

func meanSquare(_ x: [Float]) -> Float {
    x.withUnsafeBufferPointer { x in
        Exact.sum(count: x.count) { Exact.settle(x[$0] * x[$0]) } * (1 / Float(x.count))
    }
}

/// A row as BitLinear's quantiser sees it: the weighted values and the factor that is still missing from each.
public struct NormalizedRow: Equatable, Sendable {
    /// x * outer * inner, `(width)`.
    public var weighted: [Float]
    /// `weighted * rootInverse` is the normalised row.
    public var rootInverse: Float
}

/// The one or two norms in front of a ternary matrix.
///
/// - Parameters:
///   - x: `(width)`.
///   - statistic: the row whose mean square the outer norm divides by, where that is not `x` itself: the output gate
///     norms the gate projection, but passes on its product with SiLU(h).
///   - norm: weights of both norms.
public func bitLinearNorm(_ x: [Float], statistic: [Float]? = nil, norm: InputNorm) -> NormalizedRow {
    precondition(x.count == norm.width, "a row of \(x.count) for norms of \(norm.width)")
    let weighted = zip(x, norm.combined).map { Exact.settle($0 * $1) }
    let inner: Float
    guard let outer = norm.outer else {
        inner = rootInverse(of: x, epsilon: norm.innerEpsilon)
        return NormalizedRow(weighted: weighted, rootInverse: inner)
    }
    let outerInverse = rootInverse(of: statistic ?? x, epsilon: norm.outerEpsilon)
    let mean = meanSquare(zip(x, outer).map { Exact.settle($0 * $1) }) * (outerInverse * outerInverse)
    inner = Exact.reciprocalSquareRoot(mean + norm.innerEpsilon)
    return NormalizedRow(weighted: weighted, rootInverse: outerInverse * inner)
}

/// The norms of a chain, of which there may be none: then the row stays as it is.
public func bitLinearNorm(_ x: [Float], chain: NormChain) -> NormalizedRow {
    InputNorm(chain: chain).map { bitLinearNorm(x, norm: $0) } ?? NormalizedRow(weighted: x.map(Exact.settle), rootInverse: 1)
}
