import Foundation
import TernaryCore
import TernaryReference
import Testing

@testable import TernaryFiles

/// Checkpoints of every family against the logits of Hugging Face's own classes; see the fixtures' README.
@Suite("Transformers from Hugging Face directories")
struct HuggingFaceGoldenTests {
    static let fixtures = FileManager.default.currentDirectoryPath + "/Tests/Fixtures/transformers/"

    @Test(
        "give the logits of their own classes",
        arguments: [
            "bitnet-packed", "bitnet-master", "bitnet-master-f32", "1bitllm", "falcon3", "llama3-158", "trilm", "qwen3-grouped",
            "qwen3-yarn", "falcon-e", "mixed-dense", "rms-norm-proj", "biases",
        ])
    func logits(name: String) throws {
        let weights = try TransformerWeights(HuggingFaceTransformer(Self.fixtures + name))
        let isTernary = weights.layers.flatMap(\.projections).map { if case .ternary = $0.matrix { true } else { false } }
        #expect(isTernary.filter { !$0 }.count == (name == "mixed-dense" ? 1 : 0))
        #expect(weights.configuration.quantizesActivations == !["trilm", "qwen3-grouped", "qwen3-yarn"].contains(name))
        let golden = try NumPyArchive(Self.fixtures + name + "/golden.npz")
        for key in ["short", "long"] {
            let tokens = try golden.array("tokens_\(key)", as: Int32.self)
            let (expected, safe) = (
                try golden.array("logits_\(key)", as: Float.self), try golden.array("safe_\(key)", as: Bool.self)
            )
            var reference = TransformerReference(weights)
            for (position, token) in tokens.enumerated() {
                let logits = reference.logits(reference.step(Int(token)))
                let wanted = expected[position * logits.count..<(position + 1) * logits.count]
                let largest = wanted.map(abs).max()!
                let error = zip(logits, wanted).map { abs($0 - $1) }.max()! / largest
                // Where no rounding of an activation is near its tie, only the order of sums differs.
                if safe[position] {
                    #expect(error < 1e-4, "\(key), position \(position): \(error) of the largest logit")
                } else {
                    #expect(
                        logits.firstIndex(of: logits.max()!)
                            == wanted.firstIndex(of: wanted.max()!).map { $0 - wanted.startIndex })
                }
            }
        }
    }
}
