import Testing

@testable import TernaryCore

@Suite("dense matrices")
struct DenseMatrixTests {
    @Test("hold what Exact.factor makes of every element", arguments: [DenseMatrix.Element.float32, .bfloat16])
    func factors(element: DenseMatrix.Element) {
        // Every exponent with either sign, and the bounds with their neighbours.
        let bounds = [Exact.smallestFactor, Exact.largest].flatMap { bound in
            [-0x1_0000, -1, 0, 1, 0x1_0000].map { Float(bitPattern: UInt32(Int(bound.bitPattern) + $0)) }
        }
        let magnitudes = (0..<255).map { Float(bitPattern: UInt32($0) << 23 | 0x12_0000) } + bounds + [0]
        var values = magnitudes + magnitudes.map { -$0 }
        if element == .bfloat16 { values = values.map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) } }
        let bytes = values.flatMap { value in
            withUnsafeBytes(of: value.bitPattern) { Array($0[(element == .float32 ? 0 : 2)...]) }
        }
        let matrix = DenseMatrix(rows: 2, columns: magnitudes.count, element: element, bytes: bytes)
        let held = (matrix.row(0) + matrix.row(1)).map(\.bitPattern)
        #expect(held == values.map { Exact.factor($0).bitPattern })
    }
}
