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

    @Test("are one stream of numbers, however many threads draw it and in whichever order parts are asked for")
    func stream() {
        // Large enough for several threads, and without padding.
        let shape = MatMulFreeConfiguration(
            vocabularySize: 804, hiddenSize: 336, stateSize: 336, intermediateSize: 1600, layerCount: 2)
        let source = RandomWeights(shape, seed: 9)
        let codes = (0..<256).filter { $0 & $0 >> 1 & 0x55 == 0 }
        var random = SplitMix64(seed: 9)
        func word() -> UInt32 {
            let bits = random.next()
            return (0..<4).reduce(0) { $0 | UInt32(codes[(Int(bits >> (16 * $1) & 0xFFF) * 81) >> 12]) << (8 * $1) }
        }
        func uniform() -> Float { Float(random.next() >> 40) * 0x1p-24 }
        func norm(_ count: Int) -> [Float] { (0..<count).map { _ in 0.8 + 0.4 * uniform() } }
        func expectMatrix(_ matrix: TernaryMatrix, _ name: Comment) {
            // Not the arrays: a failure would print them.
            let isExpected = matrix.words.reduce(true) { $1 == word() && $0 }
            #expect(isExpected, name)
        }
        for (index, layer) in [source.readLayer(0), source.readLayer(1)].enumerated() {
            expectMatrix(layer.mlpGate, "gate")
            expectMatrix(layer.mlpUp, "up")
            #expect(layer.attentionNorm == norm(336))
            for linear in [layer.input, layer.forget, layer.gate] {
                #expect(linear.norm == norm(336))
                expectMatrix(linear.matrix, "mixer")
            }
            #expect(layer.gateNorm == norm(336) && layer.output.norm == norm(336))
            expectMatrix(layer.output.matrix, "output")
            #expect(layer.mlpNorm == norm(336) && layer.gateUpNorm == norm(336) && layer.down.norm == norm(1600))
            expectMatrix(layer.down.matrix, "down")
            if index > 0 { #expect(layer.lowerBound == (0..<336).map { _ in min(max(0.5 + 0.1 * (uniform() - 0.5), 0), 1) }) }
        }
        let embedding = source.readEmbedding()
        for first in stride(from: 0, to: 804 * 336, by: 2) {
            let bits = random.next()
            for half in 0..<2 where first + half < 804 * 336 {
                let sum = (0..<4).reduce(0) { $0 + Int(bits >> (32 * half + 8 * $1) & 0xFF) }
                let stored = UInt16(embedding.bytes[2 * (first + half)]) | UInt16(embedding.bytes[2 * (first + half) + 1]) << 8
                if HalfFloat.float(stored) != Float(sum - 510) / 256 {
                    Issue.record("element \(first + half)")
                    return
                }
            }
        }
        #expect(source.readFinalNorm() == norm(336))
        let head = source.readHead()
        #expect(head.norm == norm(336))
        expectMatrix(head.matrix, "head")
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
