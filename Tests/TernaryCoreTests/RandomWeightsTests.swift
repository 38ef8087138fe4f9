import Testing

@testable import TernaryCore

@Suite("random weights")
struct RandomWeightsTests {
    static let configuration = MatMulFreeConfiguration(
        vocabularySize: 50, hiddenSize: 72, intermediateSize: 90, layerCount: 2)

    @Test("depend on the seed alone")
    func deterministic() {
        let weights = MatMulFreeWeights.random(configuration: Self.configuration, seed: 4)
        #expect(weights == .random(configuration: Self.configuration, seed: 4))
        #expect(weights != .random(configuration: Self.configuration, seed: 5))
    }

    @Test("have codes of trits only, zeros in the padding, and two thirds of the rest not zero")
    func trits() {
        let weights = MatMulFreeWeights.random(configuration: Self.configuration, seed: 4)
        var counts = [Int8: Int]()
        for matrix in weights.layers.flatMap({ [$0.input.matrix, $0.mlpUp, $0.down.matrix] }) + [weights.head.matrix] {
            let trits = (0..<matrix.rows).flatMap { row in (0..<matrix.columns).map { matrix[row, $0] } }
            #expect(TernaryMatrix(rows: matrix.rows, columns: matrix.columns, scale: matrix.scale, trits: trits) == matrix)
            for trit in trits { counts[trit, default: 0] += 1 }
        }
        let total = counts.values.reduce(0, +)
        for trit in -1...1 as ClosedRange<Int8> {
            // Within 2% by construction and five standard deviations of the draw.
            let deviation = (Double(total) * 2 / 9).squareRoot()
            #expect(abs(Double(counts[trit] ?? 0) - Double(total) / 3) < 0.02 * Double(total) / 3 + 5 * deviation)
        }
        #expect(Set(counts.keys) == [-1, 0, 1])
    }

    @Test(
        "the presets have the published numbers of parameters",
        arguments: [
            ("matmulfree-370m", 374_108_160), ("matmulfree-1.3b", 1_364_779_008), ("matmulfree-2.7b", 2_702_357_504),
            ("matmulfree-13b", 13_017_856_000),
        ])
    func parameters(name: String, count: Int) { #expect(MatMulFreeConfiguration.presets[name]?.parameters == count) }
}
