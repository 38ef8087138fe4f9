import TernaryCore
import TernaryFiles
import TernaryReference
import Testing

@testable import TernaryModels

/// Checkpoints that the numpy oracle makes, read by us and run by every engine: an implementation that shares nothing with ours.
@Suite(
    "models against the oracle",
    .enabled("needs ../shared/oracle and python3 with numpy and safetensors") { Shared.oracle != nil && Shared.hasPython })
struct OracleTests {
    struct Configuration: Sendable, CustomTestStringConvertible {
        var options: [String]
        var seed: Int
        var testDescription: String { options.joined(separator: " ") }

        // The shapes of TinyModel, whose pipelines are there already.
        static func of(_ model: TinyModel, layers: Int, _ options: [String], seed: Int) -> Configuration {
            let sizes = [
                "--hidden": model.hidden, "--intermediate": model.intermediate, "--vocab": model.vocabulary, "--layers": layers,
                "--expand-ratio": (model.state ?? model.hidden) / model.hidden,
            ]
            return Configuration(options: sizes.sorted { $0.key < $1.key }.flatMap { [$0.key, "\($0.value)"] } + options, seed: seed)
        }

        static let all = [
            of(.small, layers: 3, ["--dtype", "f32"], seed: 1),
            of(.small, layers: 2, ["--dtype", "bf16"], seed: 2),
            of(.small, layers: 1, ["--dtype", "f16"], seed: 3),
            of(.small, layers: 2, ["--dtype", "f32", "--no-lower-bound"], seed: 4),
            of(.expanded, layers: 2, ["--dtype", "bf16", "--no-lower-bound"], seed: 5),
        ]
    }

    /// Makes a checkpoint, finds tokens none of whose int8 codes is within 2e-4 steps of a tie, and writes what they give.
    static let script = """
        import sys; oracle, out, seed = sys.argv[1:4]; options = sys.argv[4:]
        sys.path.insert(0, oracle); import numpy as np, matmulfree as m
        sys.argv = ["", "make", "--out", out, "--seed", seed] + options; m.main()
        tokens = m.safe_tokens(out, 24, int(seed), 2e-4)
        logits, hidden, state = m.Model(*m.load_dir(out), np.float64).forward(tokens)
        np.array(tokens, "<i4").tofile(out + "/tokens")
        for name, array in (("logits", logits), ("hidden", hidden), ("state", state)): array.astype("<f4").tofile(out + "/" + name)
        """

    /// Share of the largest value by which Float arithmetic may differ from the oracle's Double.
    ///
    /// Codes and trits are equal on these tokens and their products exact, so that an error is that of a dozen roundings of
    /// 2^-24 at each of a few products in a row, carried on by sums of values like the largest: below 1e-6, and the
    /// recurrence forgets. 1e-5 is what the issue asks for.
    static let tolerance: Float = 1e-5

    static func deviation(_ actual: [Float], _ expected: [Float]) -> Float {
        guard actual.count == expected.count, !actual.isEmpty else { return .infinity }
        let largest = expected.reduce(0) { max($0, abs($1)) }
        // A maximum that keeps what is not a number.
        return zip(actual, expected).reduce(0) { abs($1.0 - $1.1) <= $0 * largest ? $0 : abs($1.0 - $1.1) / largest }
    }

    @Test("logits, hidden states and state are the oracle's on tokens far from ties", arguments: Configuration.all)
    func matches(configuration: Configuration) throws {
        let scratch = try Scratch()
        let oracle = try #require(Shared.oracle)
        let made = try Shared.python(Self.script, [oracle, scratch.path, "\(configuration.seed)"] + configuration.options)
        try #require(made.code == 0, "\(made.output)")
        let tokens = try scratch.integers("tokens")
        try #require(tokens.count == 24)
        let (logits, hidden, state) = (try scratch.floats("logits"), try scratch.floats("hidden"), try scratch.floats("state"))

        let weights = try Checkpoint.open(scratch.path).weights()
        for kind in EngineKind.available {
            let engine = try kind.engine(weights)
            #expect(Self.deviation(try engine.forward(tokens, logits: .all), logits) <= Self.tolerance, "logits of \(kind)")
            #expect(Self.deviation(try engine.readState().flatMap { $0 }, state) <= Self.tolerance, "state of \(kind)")
        }

        // Entry l is what layer l reads; the last stands behind the final norm.
        var seen = Array(repeating: [Float](), count: weights.layers.count + 1)
        let reference = MatMulFreeReference(weights)
        let engine = ReferenceEngine(weights)
        for token in tokens {
            try engine.forward([token]) { observation in
                switch observation.stage {
                case .embedding: seen[0] += observation.values
                case .output where observation.layer == weights.layers.count - 1:
                    seen[observation.layer + 1] += reference.finalHidden(observation.values)
                case .output: seen[observation.layer + 1] += observation.values
                default: break
                }
            }
        }
        let size = tokens.count * weights.configuration.hiddenSize
        for (index, values) in seen.enumerated() {
            let expected = Array(hidden[index * size..<(index + 1) * size])
            #expect(Self.deviation(values, expected) <= Self.tolerance, "hidden state \(index)")
        }
    }
}
