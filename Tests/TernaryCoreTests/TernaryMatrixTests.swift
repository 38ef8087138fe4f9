import Testing

@testable import TernaryCore

@Suite("ternary matrix")
struct TernaryMatrixTests {
    @Test("gives back what was packed, padding zero", arguments: [(1, 1), (4, 16), (5, 17), (13, 70)])
    func roundTrip(rows: Int, columns: Int) {
        let trits: [Int8] = (0..<rows * columns).map { (i: Int) -> Int8 in Int8((i * 7 + i / 5) % 3 - 1) }
        let matrix = TernaryMatrix(rows: rows, columns: columns, scale: 1, trits: trits)
        for row in 0..<rows { for column in 0..<columns { #expect(matrix[row, column] == trits[row * columns + column]) } }
        #expect(matrix.words.count == matrix.paddedRows * matrix.paddedColumns / 16)
        for column in columns..<matrix.paddedColumns { #expect(matrix[rows - 1, column] == 0) }
    }

    @Test("byte b, bit pair k of a word is column 4k + b")
    func layout() {
        var trits = [Int8](repeating: 0, count: 4 * 16)
        trits[2 * 16 + 4 * 3 + 1] = 1  // row 2, k = 3, b = 1
        let matrix = TernaryMatrix(rows: 4, columns: 16, scale: 1, trits: trits)
        #expect(matrix.words[2] == TernaryMatrix.zeroWord ^ (3 << (8 + 6)))
    }
}
