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

    static func expectKept(_ model: TransformerCPU, _ reference: TransformerReference, sequence: Int = 0, _ name: Comment) {
        for layer in reference.keys.indices {
            let keys = model.keys(of: sequence, layer: layer).map(\.bits) == reference.keys[layer].map(\.bits)
            let values = model.values(of: sequence, layer: layer).map(\.bits) == reference.values[layer].map(\.bits)
            #expect(keys && values, name)
        }
    }

    @Test("prompts and single tokens give the reference's bits", arguments: CPUVariant.tested, TransformerKind.all)
    func matchesReference(variant: CPUVariant, kind: TransformerKind) throws {
        let weights = kind.weights(seed: 21)
        let tokens = MatMulFreeCPUTests.tokens(21, vocabulary: kind.vocabulary)
        let (expected, reference) = Self.reference(weights, tokens)
        for threads in [1, 3] {
            let prompt = try TransformerCPU(
                weights, threads: threads, variant: variant, cacheElement: .float32, contextLimit: tokens.count)
            let all = prompt.forward(tokens, logits: .all).bits == expected.flatMap { $0 }
            #expect(all, "prompt, \(threads) threads")
            Self.expectKept(prompt, reference, "prompt")

            let steps = try TransformerCPU(
                weights, threads: threads, variant: variant, cacheElement: .float32, contextLimit: tokens.count)
            let stepped = tokens.map { steps.forward([$0], logits: .last).bits } == expected
            #expect(stepped, "token by token, \(threads) threads")
            Self.expectKept(steps, reference, "token by token")
        }
    }
}
