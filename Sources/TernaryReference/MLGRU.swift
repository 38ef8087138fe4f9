import TernaryCore

/// The forget and input gate of one channel from its two projections.
///
/// f = lb + (1 - lb) * sigmoid(zf), or sigmoid(zf) where there is no lower bound; i = SiLU(zi) * (1 - f).
public func mlgruGates(input zi: Float, forget zf: Float, lowerBound: Float?) -> (forget: Float, input: Float) {
    let s = Exact.sigmoid(zf)
    let f = lowerBound.map { $0 + (1 - $0) * s } ?? s
    return (f, Exact.settle(Exact.silu(zi) * (1 - f)))
}

/// One step of the recurrence: h = f * h + i.
public func mlgruStep(_ h: Float, forget f: Float, input i: Float) -> Float {
    Exact.settle(Exact.settle(f * h) + i)
}

/// The MLGRU over a sequence, in time order.
///
/// - Parameters:
///   - forget, input: gates, `(tokens, D)`.
///   - state: `(D)` before the first token; after the last one on return.
/// - Returns: the state after each token, `(tokens, D)`.
/// - Note: HGRN recurrence as MatMul-free LM uses it (arXiv 2406.02528, section 3.3.1), element-wise, fp32 carry.
public func mlgruSequence(forget: [[Float]], input: [[Float]], state: inout [Float]) -> [[Float]] {
    zip(forget, input).map { f, i in
        state = state.indices.map { mlgruStep(state[$0], forget: f[$0], input: i[$0]) }
        return state
    }
}
