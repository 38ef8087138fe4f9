import TernaryCore

/// Multiplies a row of floats by a matrix of dequantised weights: out[n] = sum_k x[k] * w[n, k] in the canonical order.
///
/// - Parameter x: `(columns)`; taken as `Exact.factor` makes it.
/// - Returns: `(rows)`.
public func denseMatmul(_ x: [Float], _ matrix: LinearMatrix) -> [Float] {
    precondition(x.count == matrix.columns, "a row of \(x.count) for a matrix of \(matrix.columns) columns")
    let x = x.map(Exact.factor)
    return (0..<matrix.rows).map { row in
        let weights = matrix.row(row)
        return Exact.settle(Exact.sum(count: x.count) { x[$0] * weights[$0] })
    }
}
