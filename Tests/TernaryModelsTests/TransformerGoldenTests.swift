import Foundation
import TernaryCore
import TernaryFiles
import TernaryReference
import Testing

/// Every checkpoint of `Tests/Fixtures/transformers` on the CPU reference against the logits of Hugging Face's own classes.
@Suite("transformers against Hugging Face's classes")
struct TransformerGoldenTests {
    /// Directories of tensors, and GGUF files.
    static let names = checkpoints()

    private static func checkpoints() -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: GoldenLogits.directory)) ?? []
        return all.filter {
            $0.hasSuffix(".gguf") || FileManager.default.fileExists(atPath: "\(GoldenLogits.directory)/\($0)/golden.npz")
        }.sorted()
    }

    private static func archive(_ name: String) -> String {
        name.hasSuffix(".gguf") ? name.dropLast(5) + ".npz" : name + "/golden.npz"
    }

    private static func weights(_ name: String) throws -> TransformerWeights {
        guard case .transformer(let source) = try Checkpoint.open("\(GoldenLogits.directory)/\(name)").weightSource else {
            throw WrongFamily()
        }
        return try TransformerWeights(source)
    }

    private struct WrongFamily: Error {}

    private static func logits(_ weights: TransformerWeights, _ tokens: [Int]) -> [[Float]] {
        var reference = TransformerReference(weights)
        return tokens.map { reference.logits(reference.step($0)) }
    }

    @Test("are all there") func all() throws {
        #expect(Self.names.count >= 23 && Self.names.filter { $0.hasSuffix(".gguf") }.count >= 8)
    }

    @Test("give the same logits", arguments: names, ["short", "long"])
    func logits(name: String, key: String) throws {
        let golden = try GoldenLogits(Self.archive(name), key)
        golden.expect(Self.logits(try Self.weights(name), golden.tokens))
    }

    /// The archives hold what the same files give where activations stay floats; then no rounding makes a position uncertain.
    @Test(
        "give the same logits with float activations", arguments: ["gguf-tq1", "gguf-tq2", "gguf-rope-freqs"], ["short", "long"])
    func floatActivations(name: String, key: String) throws {
        var weights = try Self.weights(name + ".gguf")
        #expect(weights.configuration.quantizesActivations)
        weights.configuration.quantizesActivations = false
        let golden = try GoldenLogits(name + ".npz", key, kind: "logits_float")
        GoldenLogits(tokens: golden.tokens, logits: golden.logits, safe: golden.safe.map { _ in true })
            .expect(Self.logits(weights, golden.tokens))
    }

    @Test("keep their projections ternary, and activations as floats where groups of columns have scales", arguments: names)
    func forms(name: String) throws {
        let weights = try Self.weights(name)
        let dense = weights.layers.flatMap(\.projections).count { if case .dense = $0.matrix { true } else { false } }
        #expect(dense == (name == "mixed-dense" ? 1 : 0))
        let isFloat = ["gguf-q2", "qwen3-", "trilm"].contains { name.hasPrefix($0) }
        #expect(weights.configuration.quantizesActivations == !isFloat)
    }
}
