import TernaryCore
import TernaryReference
import Testing

@testable import TernaryKernels

@Suite("dense_matmul, dense_embedding, norm_rows", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct DenseMatmulTests {
    /// A kind of matrix to test with.
    enum Kind: CaseIterable {
        case float32, float16, bfloat16, int8Groups16, int8Groups32, ternary, ternaryRows, ternaryGroups

        /// Columns next to the ones asked for that this kind can have.
        func columns(_ columns: Int) -> Int {
            switch self {
            case .int8Groups16: (columns + 15) / 16 * 16
            case .int8Groups32: (columns + 31) / 32 * 32
            default: columns
            }
        }

        func matrix(rows: Int, columns: Int, seed: UInt64) -> LinearMatrix {
            var random = SplitMix64(seed: seed)
            let count = rows * columns
            func scales(_ count: Int) -> [Float] { Fixture.normal(count, seed: seed + 1).map { 0.01 + abs($0) } }
            switch self {
            case .float32:
                let floats = Fixture.normal(count, seed: seed)
                return .dense(
                    DenseMatrix(
                        rows: rows, columns: columns, element: .float32, bytes: floats.withUnsafeBytes { Array($0) }))
            case .float16, .bfloat16:
                // Any finite pattern, subnormals of halves too; bfloat16 between 2^-60 and 2^4.
                let halves: [UInt16] = (0..<count).map { _ in
                    let bits = UInt16(truncatingIfNeeded: random.next())
                    return self == .float16 ? bits & 0xBBFF : bits & 0x9FFF | 0x2000
                }
                return .dense(
                    DenseMatrix(
                        rows: rows, columns: columns, element: self == .float16 ? .float16 : .bfloat16,
                        bytes: halves.withUnsafeBytes { Array($0) }))
            case .int8Groups16, .int8Groups32:
                let group = self == .int8Groups16 ? 16 : 32
                return .dense(
                    DenseMatrix(
                        rows: rows, columns: columns, groupColumns: group,
                        codes: (0..<count).map { _ in Int8(truncatingIfNeeded: random.next()) }, scales: scales(count / group)))
            case .ternary: return .ternary(Fixture.matrix(rows: rows, columns: columns, seed: seed), nil)
            case .ternaryRows, .ternaryGroups:
                var matrix = Fixture.matrix(rows: rows, columns: columns, seed: seed)
                let group = self == .ternaryRows ? columns : 64
                // Codes of 3 stand for +2.
                for index in matrix.words.indices where index % 3 == 0 { matrix.words[index] |= 0x3 }
                let groups = (columns + group - 1) / group
                return .ternary(
                    matrix, GroupScales(rows: rows, columns: columns, groupColumns: group, values: scales(rows * groups)))
            }
        }
    }

    /// Some rows of a matrix as the device has them: weights and scales.
    private func contents(_ matrix: LinearMatrix, _ rows: Range<Int>) -> [TestDevice.Content] {
        switch matrix {
        case .dense(let dense):
            let rowBytes = dense.columns * dense.element.byteCount
            let padding = Array<UInt8>(
                repeating: 0, count: (paddedWidth(dense.columns) - dense.columns) * dense.element.byteCount)
            let bytes = rows.flatMap { dense.bytes[$0 * rowBytes..<($0 + 1) * rowBytes] + padding }
            let words = stride(from: 0, to: bytes.count, by: 4).map { at in
                (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << (8 * $1) }
            }
            let perRow = dense.groupColumns == 0 ? 0 : dense.columns / dense.groupColumns
            let scales = Array(dense.scales[rows.lowerBound * perRow..<rows.upperBound * perRow])
            return [.words(words), .floats(scales.isEmpty ? [0] : scales)]
        case .ternary(let ternary, let scales):
            let rowWords = ternary.paddedColumns / 16
            let words = ternary.words[rows.lowerBound * rowWords..<TernaryMatrix.padded(rows.upperBound, to: 4) * rowWords]
            let own = scales.map { Array($0.values[rows.lowerBound * $0.groupsPerRow..<rows.upperBound * $0.groupsPerRow]) }
            return [.words(Array(words)), .floats(own ?? [0])]
        }
    }

    @Test(
        "gives the reference's bits, in parts, with bias and addition", arguments: Kind.allCases,
        [(1, 33, 21), (1, 1100, 9), (3, 2576, 37), (7, 130, 70), (2, 4112, 5)])
    func matches(kind: Kind, shape: (tokens: Int, columns: Int, rows: Int)) throws {
        let (tokens, columns, rows) = (shape.tokens, kind.columns(shape.columns), shape.rows)
        let matrix = kind.matrix(rows: rows, columns: columns, seed: 91)
        let layout = try #require(DenseLayout(matrix))
        let x = Fixture.rows(tokens, width: columns, seed: 93)
        let before = Fixture.rows(tokens, width: rows, seed: 94)
        let bias = Fixture.normal(rows, seed: 95)
        let product = x.map { denseMatmul($0, matrix) }
        // x in shared memory takes a software driver long to compile: once a kind.
        let isStaged = kind == .bfloat16 ? shape.columns == 130 : tokens == 1 && shape.columns > 1000
        let staged = isStaged ? [(TestDevice.traits[2], false)] : []
        for (traits, isPlain) in [(TestDevice.traits[0], true), (TestDevice.traits[0], false)] + staged {
            let expected = zip(before, product).map { before, product -> [UInt32] in
                isPlain ? product.bits : zip(before, zip(product, bias).map(residual)).map(residual).bits
            }
            var y = before.padded
            for part in [0..<4, 4..<rows] {
                let kernel = DenseMatmul(
                    tokens: tokens, rows: part, layout: layout, yStride: paddedWidth(rows), hasBias: !isPlain,
                    addsResidual: !isPlain)
                y = .words(
                    try TestDevice.run(kernel, [x.padded] + contents(matrix, part) + [.floats(bias), y], traits: traits)[4])
            }
            guard case .words(let words) = y else { return }
            #expect(words.rows(tokens, width: rows) == expected)
        }
    }

    @Test("a subgroup may take several rows", arguments: [Kind.float16, .int8Groups32, .ternaryGroups])
    func manyRows(kind: Kind) throws {
        let (rows, columns) = (129, 160)
        let matrix = kind.matrix(rows: rows, columns: columns, seed: 99)
        let layout = try #require(DenseLayout(matrix))
        let x = Fixture.rows(1, width: columns, seed: 100)
        // Few processors are filled by few work groups.
        var traits = TestDevice.traits[2]
        traits.processors = 1
        let kernel = DenseMatmul(tokens: 1, rows: 0..<rows, layout: layout, yStride: paddedWidth(rows))
        let contents = [x.padded] + contents(matrix, 0..<rows) + [.room(rows), .room(paddedWidth(rows))]
        let results = try TestDevice.run(kernel, contents, traits: traits)
        #expect(results[4].rows(1, width: rows) == [denseMatmul(x[0], matrix).bits])
    }

    @Test("a lookup gives the matrix's rows, from parts", arguments: Kind.allCases, [33, 1100])
    func lookup(kind: Kind, wanted: Int) throws {
        let (rows, columns) = (23, kind.columns(wanted))
        let matrix = kind.matrix(rows: rows, columns: columns, seed: 96)
        let layout = try #require(DenseLayout(matrix))
        let tokens: [UInt32] = [22, 0, 7, 8, 7]
        var x = TestDevice.Content.words(Array(repeating: 0x7FC0_0000, count: tokens.count * paddedWidth(columns)))
        for part in [0..<8, 8..<rows] {
            let kernel = DenseEmbedding(tokens: tokens.count, rows: part, layout: layout)
            let contents = [.words(tokens)] + contents(matrix, part) + [x]
            x = .words(try TestDevice.run(kernel, contents, traits: TestDevice.traits[0])[3])
        }
        guard case .words(let words) = x else { return }
        let padding = Array<UInt32>(repeating: 0, count: paddedWidth(columns) - columns)
        #expect(words == tokens.flatMap { matrix.row(Int($0)).map(Exact.settle).bits + padding })
    }

    @Test("norm_rows gives the reference's bits from the row that is asked for", arguments: [1, 33, 1100, 2560])
    func norm(columns: Int) throws {
        let x = Fixture.rows(8, width: columns, seed: 97)
        let weight = Fixture.norm(columns, seed: 98)
        let results = try TestDevice.run(
            NormRows(rows: 2..<8, columns: columns, epsilon: 1e-6),
            [x.padded, [weight].padded, .room(6 * paddedWidth(columns))], traits: TestDevice.traits[0])
        #expect(results[2].rows(6, width: columns) == x[2...].map { rmsNorm($0, weight: weight, epsilon: 1e-6).bits })
    }
}
