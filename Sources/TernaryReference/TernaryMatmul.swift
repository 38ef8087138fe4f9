import TernaryCore

/// Multiplies a quantised row by a ternary matrix: out = (T . codes) * (step * scale).
///
/// - Returns: `(rows)` of the matrix. The sums are exact integers.
public func ternaryMatmul(_ row: QuantizedRow, _ matrix: TernaryMatrix) -> [Float] {
    let scale = Exact.settle(row.step * matrix.scale)
    return integerProduct(row.codes, matrix).map { Exact.settle(Float($0) * scale) }
}

/// The same under one scale a row, where `scales` has them: out[n] = (T . codes)[n] * (step * scale[n]).
public func ternaryMatmul(_ row: QuantizedRow, _ matrix: TernaryMatrix, _ scales: GroupScales?) -> [Float] {
    guard let scales else { return ternaryMatmul(row, matrix) }
    return zip(integerProduct(row.codes, matrix), scales.values).map { sum, scale in
        Exact.settle(Float(sum) * Exact.settle(row.step * scale))
    }
}

/// T . codes, `(rows)`.
public func integerProduct(_ codes: [Int8], _ matrix: TernaryMatrix) -> [Int32] {
    precondition(codes.count == matrix.columns, "a row of \(codes.count) for a matrix of \(matrix.columns) columns")
    let groups = matrix.paddedColumns / 16
    let padded = codes + Array(repeating: 0, count: matrix.paddedColumns - matrix.columns)
    return matrix.words.withUnsafeBufferPointer { words in
        padded.withUnsafeBufferPointer { codes in
            (0..<matrix.rows).map { row in
                var sum: Int32 = 0
                for group in 0..<groups {
                    let word = words[((row >> 2) * groups + group) * 4 + (row & 3)]
                    for within in 0..<16 {
                        let trit = Int32((word >> UInt32((within & 3) * 8 + (within >> 2) * 2)) & 3) - 1
                        sum &+= trit &* Int32(codes[group * 16 + within])
                    }
                }
                return sum
            }
        }
    }
}
