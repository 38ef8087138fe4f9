/// Whether a matrix is the product of two others, without computing that again: y . v = a . (transposed b . v) for random v
/// (Freivalds 1977), in 32-bit arithmetic that wraps round. A wrong element passes once in 2^32 times, or 2^(32-n) where its error is a
/// multiple of 2^n.
enum ProductCheck {
    /// - Parameters:
    ///   - y: `(rows, yColumns)`.
    ///   - a: `(rows, columns)`.
    ///   - b: `(yColumns, columns)`.
    ///   - v: `(yColumns)`, random.
    static func holds(_ y: [Int32], _ a: [Int8], _ b: [Int8], columns: Int, _ v: [Int32]) -> Bool {
        let rows = a.count / columns
        precondition(
            a.count == rows * columns && b.count == v.count * columns && y.count == rows * v.count, "matrices that do not fit")
        var bv = [Int32](repeating: 0, count: columns)
        bv.withUnsafeMutableBufferPointer { bv in
            b.withUnsafeBufferPointer { b in
                for row in v.indices {
                    let factor = v[row]
                    for column in 0..<columns { bv[column] &+= Int32(b[row * columns + column]) &* factor }
                }
            }
        }
        return (0..<rows).allSatisfy { row in
            var expected: Int32 = 0
            var sum: Int32 = 0
            a.withUnsafeBufferPointer { a in for c in 0..<columns { expected &+= Int32(a[row * columns + c]) &* bv[c] } }
            y.withUnsafeBufferPointer { y in for c in v.indices { sum &+= y[row * v.count + c] &* v[c] } }
            return sum == expected
        }
    }
}
