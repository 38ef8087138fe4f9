import TernaryCore
import TernaryReference
import Testing

@testable import TernaryKernels

@Suite("bitlinear_fused", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct BitLinearFusedTests {
    // Widths that end inside a tile, inside a subgroup's stride and past 1024 values; rows that end inside a group of four.
    @Test(
        "gives the reference's bits",
        arguments: [(1, 1), (17, 5), (100, 64), (512, 30), (1100, 9)], [1, 7])
    func givesTheReferencesBits(shape: (columns: Int, rows: Int), tokens: Int) throws {
        let (columns, rows) = shape
        let x = Fixture.rows(tokens, width: columns, seed: 3)
        let outer = Fixture.norm(columns, seed: 4)
        let norm = InputNorm(outer: outer, outerEpsilon: 1e-6, inner: Fixture.norm(columns, seed: 5))
        let matrix = Fixture.matrix(rows: rows, columns: columns, seed: 6)
        let expected = x.map { bitLinear($0, norm: norm, matrix).bits }
        // Every kind of device for a short row and for a long one that subgroups share; its own for the others, as pipelines
        // take long to compile.
        for traits in [17, 1100].contains(columns) ? TestDevice.traits : [TestDevice.traits[0]] {
            let kernel = BitLinearFused(
                tokens: tokens, rows: rows, columns: columns, yStride: paddedWidth(rows), terms: .matrix(scale: matrix.scale),
                norm: RowNorm(outerEpsilon: 1e-6), addsResidual: false)
            let results = try TestDevice.run(
                kernel,
                [
                    x.padded, x.padded, [outer].padded, [norm.combined].padded, .words(Array(matrix.words)), .room(4),
                    .room(tokens * paddedWidth(rows)),
                ], traits: traits)
            #expect(results[6].rows(tokens, width: rows) == expected)
        }
    }

    @Test("without a block norm, adds to the residual stream")
    func residual() throws {
        let (columns, rows, tokens) = (200, 24, 3)
        let x = Fixture.rows(tokens, width: columns, seed: 13)
        let y = Fixture.rows(tokens, width: rows, seed: 14)
        let norm = InputNorm(inner: Fixture.norm(columns, seed: 15))
        let matrix = Fixture.matrix(rows: rows, columns: columns, seed: 16)
        let expected = zip(x, y).map { zip($1, bitLinear($0, norm: norm, matrix)).map(TernaryReference.residual).bits }
        let kernel = BitLinearFused(
            tokens: tokens, rows: rows, columns: columns, yStride: paddedWidth(rows), terms: .matrix(scale: matrix.scale),
            norm: RowNorm(),
            addsResidual: true)
        let combined = [norm.combined].padded
        let results = try TestDevice.run(
            kernel, [x.padded, x.padded, combined, combined, .words(Array(matrix.words)), .room(4), y.padded],
            traits: TestDevice.traits[0])
        #expect(results[6].rows(tokens, width: rows) == expected)
    }

    @Test("the outer norm may measure another row")
    func statistic() throws {
        let (columns, rows) = (96, 8)
        let x = Fixture.normal(columns, seed: 23)
        let statistic = Fixture.normal(columns, seed: 24, scale: 3)
        let outer = Fixture.norm(columns, seed: 25)
        let norm = InputNorm(outer: outer, outerEpsilon: 1e-5, inner: Fixture.norm(columns, seed: 26))
        let matrix = Fixture.matrix(rows: rows, columns: columns, seed: 27)
        let kernel = BitLinearFused(
            tokens: 1, rows: rows, columns: columns, yStride: paddedWidth(rows), terms: .matrix(scale: matrix.scale),
            norm: RowNorm(outerEpsilon: 1e-5),
            addsResidual: false, hasSeparateStatistic: true)
        let results = try TestDevice.run(
            kernel,
            [
                [x].padded, [statistic].padded, [outer].padded, [norm.combined].padded, .words(Array(matrix.words)), .room(4),
                .room(16),
            ],
            traits: TestDevice.traits[0])
        #expect(results[6].rows(1, width: rows) == [bitLinear(x, statistic: statistic, norm: norm, matrix).bits])
    }
}
