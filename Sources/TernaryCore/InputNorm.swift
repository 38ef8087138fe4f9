/// What stands in front of a ternary matrix: its own RMSNorm, and the block's norm before it where there is one.
///
/// Two norms in a row need one pass over the row. With u = x * outer, the outer norm is r0 = 1/sqrt(mean(x^2) + e0) and
/// its output u * r0, so the inner one is r1 = 1/sqrt(mean(u^2) * r0^2 + e1); what is quantised is
/// x * (outer * inner) * r0 * r1, and the int8 codes of it do not depend on r0 and r1. `docs/EXACT.md` has the derivation.
public struct InputNorm: Sendable, Equatable {
    /// The block norm's weight, `(width)`; nil where BitLinear reads the residual-free vector itself (`down_proj`).
    public let outer: [Float]?
    /// The block norm's epsilon.
    public let outerEpsilon: Float
    /// The inner norm's epsilon.
    public let innerEpsilon: Float
    /// outer * inner, settled; the inner weight alone where there is no outer one. `(width)`.
    public let combined: [Float]

    /// A norm of these weights.
    public init(
        outer: [Float]? = nil, outerEpsilon: Float = 0, inner: [Float],
        innerEpsilon: Float = MatMulFreeConfiguration.bitLinearEpsilon
    ) {
        precondition(outer == nil || outer!.count == inner.count, "norms of \(outer!.count) and \(inner.count) values")
        self.outer = outer
        self.outerEpsilon = outerEpsilon
        self.innerEpsilon = innerEpsilon
        combined = outer.map { zip($0, inner).map { Exact.settle($0 * $1) } } ?? inner
    }

    /// Values in a row.
    public var width: Int { combined.count }

    /// Norms in the order in which a row passes them, at most two; nil where there is none.
    public init?(chain norms: [(weight: [Float], epsilon: Float)]) {
        precondition(norms.count <= 2, "\(norms.count) norms in a row")
        guard let inner = norms.last else { return nil }
        let outer = norms.count == 2 ? norms[0] : nil
        self.init(
            outer: outer?.weight, outerEpsilon: outer?.epsilon ?? 0, inner: inner.weight, innerEpsilon: inner.epsilon)
    }
}
