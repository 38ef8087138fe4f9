import TernaryCore
import TernaryReference
import Testing

@testable import TernaryFiles

@Suite("transformers in GGUF against Hugging Face's classes")
struct GGUFTransformerTests {
    static let names = [
        "gguf-i2s", "gguf-bitnet-25", "gguf-bitnet-silu", "gguf-tq2", "gguf-tq1", "gguf-rope-freqs", "gguf-q2-128", "gguf-q2-64",
    ]

    static func logits(_ weights: TransformerWeights, _ tokens: [Int]) -> [[Float]] {
        var reference = TransformerReference(weights)
        return tokens.map { reference.logits(reference.step($0)) }
    }

    @Test("give the same logits", arguments: names, ["short", "long"])
    func logits(name: String, key: String) throws {
        let source = try GGUFTransformer(InputFile("\(GoldenLogits.directory)/\(name).gguf"))
        var weights = try TransformerWeights(source)
        #expect(source.configuration.quantizesActivations == !name.hasPrefix("gguf-q2"))
        let golden = try GoldenLogits("\(name).npz", key)
        golden.expect(Self.logits(weights, golden.tokens))
        guard source.architecture == "llama" else { return }
        weights.configuration.quantizesActivations = false
        let float = try GoldenLogits("\(name).npz", key, kind: "logits_float")
        // Without rounding no position is uncertain.
        GoldenLogits(tokens: float.tokens, logits: float.logits, safe: float.safe.map { _ in true })
            .expect(Self.logits(weights, float.tokens))
    }
}
