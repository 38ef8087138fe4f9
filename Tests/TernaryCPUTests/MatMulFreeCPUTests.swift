import TernaryCore
import TernaryReference
import Testing

@testable import TernaryCPU

/// Whole models against the reference.
@Suite("matmulfree on the cpu")
struct MatMulFreeCPUTests {
    /// Shapes that are not multiples of a tile, a register or a chunk.
    struct Shape: Sendable, CustomTestStringConvertible {
        var hidden, state, intermediate, layers, vocabulary: Int
        var lowerBounds: Bool
        var testDescription: String { "H \(hidden) D \(state) I \(intermediate) L \(layers) V \(vocabulary)" }

        func model(seed: UInt64) -> MatMulFreeWeights {
            var generator = SeededGenerator(seed)
            return generator.model(
                hidden: hidden, state: state, intermediate: intermediate, layers: layers, vocabulary: vocabulary,
                lowerBounds: lowerBounds)
        }
    }

    static let shapes = [
        Shape(hidden: 64, state: 64, intermediate: 176, layers: 3, vocabulary: 97, lowerBounds: true),
        Shape(hidden: 100, state: 70, intermediate: 341, layers: 2, vocabulary: 131, lowerBounds: true),
        Shape(hidden: 200, state: 199, intermediate: 67, layers: 2, vocabulary: 50, lowerBounds: false),
        Shape(hidden: 5, state: 3, intermediate: 1, layers: 1, vocabulary: 7, lowerBounds: false),
    ]

    static func tokens(_ count: Int, vocabulary: Int) -> [Int] {
        var generator = SeededGenerator(99)
        return (0..<count).map { _ in Int.random(in: 0..<vocabulary, using: &generator) }
    }

    @Test("prefill and step by step give the reference's bits", arguments: CPUVariant.tested, shapes)
    func matchesReference(variant: CPUVariant, shape: Shape) throws {
        let weights = shape.model(seed: 11)
        let tokens = Self.tokens(37, vocabulary: shape.vocabulary)
        var reference = MatMulFreeReference(weights)
        let expected = tokens.flatMap { reference.logits(reference.step($0)) }

        for threads in [1, 2, 3, 5] {
            let prefill = try MatMulFreeCPU(weights, threads: threads, variant: variant)
            #expect(prefill.forward(tokens, logits: .all).bits == expected.bits, "prefill, \(threads) threads")
            #expect(prefill.state().map(\.bits) == reference.state.map(\.bits))

            let steps = try MatMulFreeCPU(weights, threads: threads, variant: variant)
            let stepped = tokens.flatMap { steps.forward([$0], logits: .last) }
            #expect(stepped.bits == expected.bits, "step by step, \(threads) threads")
            #expect(steps.state().map(\.bits) == reference.state.map(\.bits))
        }
    }

    @Test("how tokens are split into calls and blocks does not show")
    func splits() throws {
        let shape = Self.shapes[0]
        let tokens = Self.tokens(150, vocabulary: shape.vocabulary)
        let weights = shape.model(seed: 12)
        let whole = try MatMulFreeCPU(weights, threads: 2)
        #expect(tokens.count > 2 * whole.blockTokens)
        let all = whole.forward(tokens, logits: .all)

        let parts = try MatMulFreeCPU(weights, threads: 2)
        var rows: [Float] = []
        for part in [0..<1, 1..<18, 18..<35, 35..<35, 35..<100, 100..<150] {
            rows += parts.forward(Array(tokens[part]), logits: .all)
        }
        #expect(rows.bits == all.bits)

        let last = try MatMulFreeCPU(weights, threads: 2)
        #expect(last.forward(Array(tokens[..<100]), logits: .none).isEmpty)
        #expect(last.forward(Array(tokens[100...]), logits: .last).bits == Array(all.suffix(shape.vocabulary)).bits)
        #expect(last.state() == whole.state())
    }

    @Test("a step of more sequences than a block holds gives each the reference's bits", arguments: CPUVariant.tested)
    func batch(variant: CPUVariant) throws {
        let shape = Self.shapes[1]
        let weights = shape.model(seed: 15)
        let sequences = 0..<131
        let model = try MatMulFreeCPU(weights, threads: 2, variant: variant, sequences: sequences.count)
        #expect(sequences.count > 2 * model.blockTokens)
        let tokens = Self.tokens(2 * sequences.count, vocabulary: shape.vocabulary)
        // Twice, the second time in another order: states must not depend on rows.
        let first = model.step(Array(tokens.prefix(sequences.count)), of: Array(sequences))
        let second = model.step(Array(tokens.suffix(sequences.count)), of: sequences.reversed())
        let width = shape.vocabulary
        for sequence in sequences {
            var reference = MatMulFreeReference(weights)
            let row = sequences.count - 1 - sequence
            #expect(
                Array(first[sequence * width..<(sequence + 1) * width]).bits
                    == reference.logits(reference.step(tokens[sequence])).bits)
            #expect(
                Array(second[row * width..<(row + 1) * width]).bits
                    == reference.logits(reference.step(tokens[sequences.count + row])).bits)
            #expect(model.state(of: sequence).map(\.bits) == reference.state.map(\.bits))
        }
    }

    @Test("a state that is read and set again continues the text")
    func stateRoundTrip() throws {
        let weights = Self.shapes[1].model(seed: 13)
        let model = try MatMulFreeCPU(weights, threads: 1)
        _ = model.forward([1, 2, 3], logits: .none)
        let state = model.state()
        let expected = model.forward([4], logits: .last)
        #expect(model.state() != state)
        model.setState(state)
        #expect(model.forward([4], logits: .last).bits == expected.bits)
    }

    @Test("the observer sees the reference's stages", arguments: [1, 20])
    func stages(block: Int) throws {
        let shape = Self.shapes[1]
        let weights = shape.model(seed: 14)
        let tokens = Self.tokens(20, vocabulary: shape.vocabulary)
        struct Place: Hashable {
            var stage: Stage
            var layer, token: Int
        }
        var expected: [Place: [UInt32]] = [:]
        var reference = MatMulFreeReference(weights)
        for (index, token) in tokens.enumerated() {
            let x = reference.step(token) { expected[Place(stage: $0, layer: $1, token: index)] = $2.bits }
            expected[Place(stage: .logits, layer: 0, token: index)] = reference.logits(x).bits
        }
        var seen: [Place: [UInt32]] = [:]
        let model = try MatMulFreeCPU(weights, threads: 2)
        var first = 0
        model.observe = { seen[Place(stage: $0, layer: $1, token: first + $2)] = $3.bits }
        while first < tokens.count {
            _ = model.forward(Array(tokens[first..<first + block]), logits: .all)
            first += block
        }
        #expect(seen == expected)
        #expect(Set(seen.keys.map(\.stage)) == Set(Stage.matMulFree))
    }
}
