import TernaryCore
import TernaryReference
import Testing

@testable import TernaryCPU

/// Whole transformers against the reference.
@Suite("transformers on the cpu")
struct TransformerCPUTests {
    /// The reference's logits after each token, and what it keeps.
    static func reference(
        _ weights: TransformerWeights, _ tokens: [Int], _ element: KeyValueElement = .float32
    ) -> (logits: [[UInt32]], model: TransformerReference) {
        var model = TransformerReference(weights, cacheElement: element)
        return (tokens.map { model.logits(model.step($0)).bits }, model)
    }

    /// Whether logits are those of some tokens. Not the arrays: a failure would print them.
    static func isEqual(_ logits: [Float], _ expected: ArraySlice<[UInt32]>) -> Bool { logits.bits == expected.flatMap { $0 } }

    static func expectKept(_ model: TransformerCPU, _ reference: TransformerReference, sequence: Int = 0, _ name: Comment) {
        #expect(model.length(of: sequence) == reference.position, name)
        for layer in reference.keys.indices {
            let keys = model.keys(of: sequence, layer: layer).map(\.bits) == reference.keys[layer].map(\.bits)
            let values = model.values(of: sequence, layer: layer).map(\.bits) == reference.values[layer].map(\.bits)
            #expect(keys && values, name)
        }
    }

    @Test("prompts and single tokens give the reference's bits", arguments: TransformerKind.all)
    func matchesReference(kind: TransformerKind) throws {
        let weights = kind.weights(seed: 21)
        let tokens = MatMulFreeCPUTests.tokens(9, vocabulary: kind.vocabulary)
        let (expected, reference) = Self.reference(weights, tokens)
        for (index, variant) in CPUVariant.tested.enumerated() {
            // Six tokens at a time, then one at a time; more threads for every variant.
            let model = try TransformerCPU(
                weights, threads: index + 1, variant: variant, cacheElement: .float32, contextLimit: tokens.count)
            #expect(Self.isEqual(model.forward(Array(tokens.prefix(6)), logits: .all), expected[..<6]), "\(variant), prompt")
            for token in 6..<tokens.count {
                let logits = model.forward([tokens[token]], logits: .last)
                #expect(Self.isEqual(logits, expected[token...token]), "\(variant), token \(token)")
            }
            Self.expectKept(model, reference, "\(variant)")
        }
    }

    /// Small enough for the reference to take a long text.
    static let small = TransformerKind(
        name: "small", hidden: 36, intermediate: 30, layers: 2, heads: 4, keyHeads: 2, size: 18, vocabulary: 19,
        activation: .squaredReLU, subNorms: true)

    @Test(
        "long texts: over chunks, blocks and pages, however keys are kept", arguments: KeyValueElement.allCases,
        CPUVariant.tested)
    func longTexts(element: KeyValueElement, variant: CPUVariant) throws {
        let weights = Self.small.weights(seed: 22)
        let tokens = MatMulFreeCPUTests.tokens(300, vocabulary: Self.small.vocabulary)
        let (expected, reference) = Self.reference(weights, tokens, element)
        // All at once; and in pieces that end before, at and after the ends of chunks and pages.
        for pieces in [[300], [63, 1, 1, 62, 2, 100, 26, 1, 1, 43]] {
            let model = try TransformerCPU(
                weights, threads: 2, variant: variant, cacheElement: element, contextLimit: 300)
            var first = 0
            for piece in pieces {
                let logits = model.forward(Array(tokens[first..<first + piece]), logits: .all)
                #expect(Self.isEqual(logits, expected[first..<first + piece]), "\(piece) tokens from \(first) on")
                first += piece
            }
            Self.expectKept(model, reference, "\(pieces.count) pieces")
        }
    }

    @Test("the number of threads does not show", arguments: 1...5)
    func threads(count: Int) throws {
        let kind = TransformerKind.all[1]
        let weights = kind.weights(seed: 23)
        let tokens = MatMulFreeCPUTests.tokens(75, vocabulary: kind.vocabulary)
        let one = try TransformerCPU(weights, threads: 1, contextLimit: 100)
        let several = try TransformerCPU(weights, threads: count, contextLimit: 100)
        #expect(several.threads == count)
        let prompt = several.forward(tokens, logits: .all).bits == one.forward(tokens, logits: .all).bits
        #expect(prompt)
        #expect(several.forward([3], logits: .last).bits == one.forward([3], logits: .last).bits)
    }

    @Test("a batch of sequences gives each one's bits, whatever their lengths and their order")
    func batches() throws {
        let kind = Self.small
        let weights = kind.weights(seed: 24)
        let model = try TransformerCPU(
            weights, threads: 2, sequences: 5, cacheElement: .float16, contextLimit: 100)
        // Sequence s begins with 20 s tokens.
        let texts = (0..<5).map { Array(MatMulFreeCPUTests.tokens(100, vocabulary: kind.vocabulary).suffix(20 * $0 + 3)) }
        for (sequence, text) in texts.enumerated() { _ = model.forward(text.dropLast(3), sequence: sequence, logits: .none) }
        let references = texts.map { Self.reference(weights, $0, .float16) }
        for (round, order) in [[0, 1, 2, 3, 4], [4, 2, 0, 1, 3], [3, 1]].enumerated() {
            let logits = model.step(order.map { texts[$0][20 * $0 + round] }, of: order)
            let expected = order.flatMap { references[$0].logits[20 * $0 + round] }
            #expect(logits.bits == expected, "round \(round)")
        }
        for sequence in [1, 3] { Self.expectKept(model, references[sequence].model, sequence: sequence, "\(sequence)") }
    }

    @Test("a sequence that is reset begins anew, in the memory it had, and others stay")
    func reset() throws {
        let weights = Self.small.weights(seed: 25)
        let model = try TransformerCPU(weights, threads: 2, sequences: 2, contextLimit: 600)
        let empty = model.byteCount
        _ = model.forward([1, 2, 3], sequence: 1, logits: .none)
        let first = model.forward([4, 5], sequence: 0, logits: .all)
        let held = model.byteCount
        #expect(held > empty)
        model.reset(sequence: 0)
        #expect(model.length(of: 0) == 0 && model.length(of: 1) == 3)
        #expect(model.forward([4, 5], sequence: 0, logits: .all).bits == first.bits)
        #expect(model.byteCount == held)
        // The 257th token begins a page.
        _ = model.forward(MatMulFreeCPUTests.tokens(254, vocabulary: 19), sequence: 0, logits: .none)
        #expect(model.byteCount == held)
        _ = model.forward([6], sequence: 0, logits: .none)
        #expect(model.byteCount > held)
    }

    @Test("the observer sees the reference's stages", arguments: [1, 10])
    func stages(block: Int) throws {
        let kind = TransformerKind.all[0]
        let weights = kind.weights(seed: 26)
        let tokens = MatMulFreeCPUTests.tokens(10, vocabulary: kind.vocabulary)
        struct Place: Hashable {
            var stage: Stage
            var layer, token: Int
        }
        var expected: [Place: [UInt32]] = [:]
        var reference = TransformerReference(weights, cacheElement: .float16)
        for (index, token) in tokens.enumerated() {
            let x = reference.step(token) { expected[Place(stage: $0, layer: $1, token: index)] = $2.bits }
            expected[Place(stage: .logits, layer: 0, token: index)] = reference.logits(x).bits
        }
        var seen: [Place: [UInt32]] = [:]
        let model = try TransformerCPU(weights, threads: 2, contextLimit: 10)
        var first = 0
        model.observe = { seen[Place(stage: $0, layer: $1, token: first + $2)] = $3.bits }
        while first < tokens.count {
            _ = model.forward(Array(tokens[first..<first + block]), logits: .all)
            first += block
        }
        #expect(seen == expected)
        #expect(Set(seen.keys.map(\.stage)) == [.embedding, .attended, .mixed, .product, .output, .logits])
    }
}
