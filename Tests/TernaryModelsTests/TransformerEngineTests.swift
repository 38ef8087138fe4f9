import TernaryCore
import TernaryFiles
import Testing
import VulkanCompute

@testable import TernaryModels

@Suite("transformers on every engine")
struct TransformerEngineTests {
    private static let tokens = [3, 141, 59, 26, 53, 58, 97, 93, 23, 84, 62, 64, 33, 83, 27, 95, 2, 88]

    private static func weights(_ name: String) throws -> TransformerWeights {
        let checkpoint = try Checkpoint.open("Tests/Fixtures/transformers/\(name)")
        guard case .transformer(let source) = checkpoint.weightSource else { throw FileError(name, "is no transformer") }
        return try TransformerWeights(source)
    }

    /// Logits and kept keys and values, however tokens are fed.
    private static func trials(_ engine: any Engine) throws -> [Trial] {
        try Feeding.allCases.map { try Verifier.run(engine, tokens: tokens, feeding: $0, name: "") }
    }

    private static func expected(_ weights: TransformerWeights, _ options: KeyValueOptions) throws -> Trial {
        let reference = TransformerReferenceEngine(weights, keysAndValues: options)
        return try Verifier.run(reference, tokens: tokens, feeding: .steps, name: "")
    }

    /// Every kind of projection, norm and head that checkpoints have.
    private static let fixtures = [
        "bitnet-packed", "1bitllm", "falcon3", "llama3-158", "trilm", "qwen3-grouped", "falcon-e", "rms-norm-proj", "biases",
        "mixed-dense", "gguf-tq2.gguf", "gguf-tq1.gguf", "gguf-q2-64.gguf",
    ]

    @Test("the CPU gives the reference's bits", arguments: fixtures)
    func cpu(name: String) throws {
        let weights = try Self.weights(name)
        let options = KeyValueOptions(contextLimit: 32)
        let expected = try Self.expected(weights, options)
        let engine = try TransformerCPUEngine(weights, threads: 2, keysAndValues: options, sequences: 4)
        for trial in try Self.trials(engine) { #expect(trial.agrees(with: expected)) }
    }

    /// Of them those that differ in what a Vulkan device runs; compiling for each takes a software driver seconds.
    private static let vulkanFixtures = [
        "bitnet-packed", "falcon3", "trilm", "qwen3-grouped", "rms-norm-proj", "biases", "mixed-dense", "gguf-tq2.gguf",
    ]

    @Test(
        "a Vulkan device gives the reference's bits",
        .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"),
        arguments: vulkanFixtures)
    func vulkan(name: String) throws {
        let weights = try Self.weights(name)
        let options = KeyValueOptions(contextLimit: 32)
        let expected = try Self.expected(weights, options)
        let engine = try TransformerVulkanEngine(
            weights, on: try #require(TestDevice.shared), keysAndValues: options, sequences: 4)
        for trial in try Self.trials(engine) { #expect(trial.agrees(with: expected)) }
    }

    @Test(
        "every form and every way to keep keys and values gives the reference's bits on a Vulkan device",
        .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"),
        arguments: [(KeyValueElement.float32, VulkanEngine.Form.fused), (.float16, .unfused), (.q8, .fused)])
    func forms(element: KeyValueElement, form: VulkanEngine.Form) throws {
        let weights = try Self.weights("bitnet-packed")
        let options = KeyValueOptions(element: element, contextLimit: 32)
        let expected = try Self.expected(weights, options)
        let engine = try TransformerVulkanEngine(
            weights, on: try #require(TestDevice.shared), form: form, keysAndValues: options, sequences: 4)
        #expect(engine.form == form)
        for trial in try Self.trials(engine) { #expect(trial.agrees(with: expected)) }
    }

    @Test("what is kept depends on how it is kept", arguments: [KeyValueElement.float16, .q8])
    func rounding(element: KeyValueElement) throws {
        let weights = try Self.weights("bitnet-packed")
        let exact = try Self.expected(weights, KeyValueOptions(element: .float32))
        #expect(try Self.expected(weights, KeyValueOptions(element: element)).state != exact.state)
    }

    @Test("greedy steps draw what logits say, several a submission", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver"))
    func greedy() throws {
        let weights = try Self.weights("bitnet-packed")
        let options = KeyValueOptions(contextLimit: 192)
        let engines: [any Engine] = [
            TransformerReferenceEngine(weights, keysAndValues: options, sequences: 3),
            try TransformerVulkanEngine(weights, on: try #require(TestDevice.shared), keysAndValues: options, sequences: 3),
        ]
        let drawn = try engines.map { engine in
            // Steps take one sequence into a second chunk of keys, while the other is in its first.
            _ = try engine.forward((0..<60).map { 5 + $0 % 7 }, sequence: 1, logits: .none)
            let steps = try engine.greedySteps(11, from: [5, 6], of: [2, 1])
            let logits = try engine.step(steps.last!, of: [2, 1])
            let kept = try engine.readState(sequence: 1).flatMap { $0 }
            return steps + [(logits + kept).map { Int($0.bitPattern) }]
        }
        #expect(drawn[0] == drawn[1])
    }

    @Test("an engine says how much room is left and takes no more", arguments: [true, false])
    func room(isReference: Bool) throws {
        let weights = try Self.weights("bitnet-packed")
        let options = KeyValueOptions(contextLimit: 5)
        let engine: any Engine =
            isReference
            ? TransformerReferenceEngine(weights, keysAndValues: options)
            : try TransformerCPUEngine(weights, threads: 1, keysAndValues: options)
        #expect(engine.room(sequence: 0) == 5)
        _ = try engine.forward([1, 2, 3], logits: .none)
        #expect(engine.room(sequence: 0) == 2)
        try engine.reset()
        #expect(engine.room(sequence: 0) == 5)
    }

    @Test("the engine's buffers are those that were estimated", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver"))
    func memory() throws {
        let device = try #require(TestDevice.shared)
        let weights = RandomTransformerWeights(
            TransformerPreset(
                TransformerConfiguration(
                    vocabularySize: 96, hiddenSize: 64, intermediateSize: 96, layerCount: 2, headCount: 4, keyValueHeadCount: 2,
                    headSize: 32, normEpsilon: 1e-5, rotation: RotaryEmbedding(theta: 10_000), activation: .silu),
                hasSubNorms: true, embedding: .float16), seed: 1)
        let options = KeyValueOptions(contextLimit: 300)
        let estimate = MemoryEstimate(weights, on: device.description, keysAndValues: options, sequences: 2)
        let made = try #require(
            try TransformerVulkanEngine(weights, on: device, keysAndValues: options, sequences: 2).deviceMemory)
        #expect(estimate.state == made.state && estimate.workspace == made.workspace)
        // Two pages of 256 tokens for each of two sequences: two layers of two planes of two heads of 32 values of two bytes.
        #expect(made.state == 4 * 256 * 2 * 2 * 2 * 32 * 2)
    }
}
