import TernaryCore

/// A projection of a row behind its norms: int8 activations for ternary weights with a scale a matrix or a row, if the model quantises
/// activations; else floats.
///
/// - Parameter norms: that the row passes, in order.
/// - Returns: `(rows)` of the matrix, the bias added.
public func linear(_ x: [Float], norms: NormChain, _ projection: Projection, quantizesActivations: Bool) -> [Float] {
    var y: [Float]
    if quantizesActivations, case .ternary(let matrix, let scales) = projection.matrix, scales?.isPerRow ?? true {
        y = ternaryMatmul(quantize(bitLinearNorm(x, chain: norms), rounding: .toEven), matrix, scales)
    } else {
        y = denseMatmul(norms.reduce(x) { rmsNorm($0, weight: $1.weight, epsilon: $1.epsilon) }, projection.matrix)
    }
    if let bias = projection.bias { y = zip(y, bias).map(residual) }
    return y
}
