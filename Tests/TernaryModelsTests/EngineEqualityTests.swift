import TernaryCore
import Testing
import VulkanCompute

@testable import TernaryModels

/// The promise: every engine gives the same bits for the same model and tokens.
@Suite("engines")
struct EngineEqualityTests {
    /// Two passes of 16 tokens, as many as a software driver's buffers and the rows of logits hold, and one of one.
    static let length = 33

    @Test("prefill, steps and any split give the reference's logits and state", arguments: TinyModel.all, EngineKind.compared)
    func equal(model: TinyModel, kind: EngineKind) throws {
        let weights = model.weights()
        let tokens = model.tokens(Self.length)
        let expected = try Outcome(ReferenceEngine(weights), tokens)
        #expect(expected.logits.count == Self.length * model.vocabulary)
        let engine = try kind.engine(weights)
        #expect(try Outcome(engine, tokens) == expected, "prefill")
        #expect(try Outcome(engine, tokens, ends: Array(1..<Self.length)) == expected, "step by step")
        #expect(try Outcome(engine, tokens, ends: [1, 17]) == expected, "split")
    }

    @Test("wherever a text is split, the rest goes on the same", arguments: EngineKind.compared)
    func splitAnywhere(kind: EngineKind) throws {
        let model = TinyModel.small
        let tokens = model.tokens(19)
        let weights = model.weights()
        let expected = try Outcome(ReferenceEngine(weights), tokens)
        let engine = try kind.engine(weights)
        for end in 1..<tokens.count { #expect(try Outcome(engine, tokens, ends: [end]) == expected, "split at \(end)") }
    }

    @Test("logits of the last token or of none change nothing else", arguments: EngineKind.available)
    func rowsWanted(kind: EngineKind) throws {
        let model = TinyModel.small
        let weights = model.weights(seed: 2)
        // Past what one pass takes, and what it takes exactly.
        for length in [1, 16, 33] {
            let tokens = model.tokens(length)
            let expected = try Outcome(ReferenceEngine(weights), tokens)
            let engine = try kind.engine(weights)
            #expect(try engine.forward(tokens, logits: .last).bits == Array(expected.logits.suffix(model.vocabulary)))
            #expect(try engine.readState().map(\.bits) == expected.state)
            try engine.reset()
            #expect(try engine.forward(tokens, logits: .none).isEmpty)
            #expect(try engine.readState().map(\.bits) == expected.state)
        }
    }

    @Test("a reset forgets all tokens", arguments: EngineKind.available)
    func reset(kind: EngineKind) throws {
        let model = TinyModel.small
        let engine = try kind.engine(model.weights())
        let first = try engine.forward(model.tokens(5), logits: .all)
        #expect(try engine.readState().joined().contains { $0 != 0 })
        #expect(try engine.forward(model.tokens(5), logits: .all).bits != first.bits)
        try engine.reset()
        #expect(try engine.readState().joined().allSatisfy { $0.bitPattern == 0 })
        #expect(try engine.forward(model.tokens(5), logits: .all).bits == first.bits)
    }

    @Test("two engines on one device keep their states apart", arguments: EngineKind.available)
    func apart(kind: EngineKind) throws {
        let model = TinyModel.small
        let weights = model.weights()
        let tokens = model.tokens(6)
        let expected = try Outcome(ReferenceEngine(weights), tokens).logits
        let (one, other) = (try kind.engine(weights), try kind.engine(model.weights(seed: 3)))
        var logits: [UInt32] = []
        for token in tokens {
            logits += try one.forward([token], logits: .all).bits
            _ = try other.forward([token], logits: .last)
        }
        #expect(logits == expected)
    }

    @Test("stages come in the reference's order with the reference's bits", arguments: EngineKind.compared)
    func observed(kind: EngineKind) throws {
        let model = TinyModel.small
        let weights = model.weights()
        let (reference, engine) = (ReferenceEngine(weights), try kind.engine(weights))
        for token in model.tokens(3) {
            var expected: [(Stage, Int, [UInt32])] = []
            try reference.forward([token]) { expected.append(($0.stage, $0.layer, $0.values.bits)) }
            var seen: [(Stage, Int, [UInt32])] = []
            try engine.forward([token]) { seen.append(($0.stage, $0.layer, $0.values.bits)) }
            #expect(seen.map(\.0) == expected.map(\.0))
            #expect(seen.map(\.1) == expected.map(\.1))
            #expect(seen.map(\.2) == expected.map(\.2))
        }
        #expect(try engine.readState().map(\.bits) == reference.readState().map(\.bits))
    }

    @Test("stages of many tokens at once are those of one after the other", arguments: EngineKind.compared)
    func observedAtOnce(kind: EngineKind) throws {
        struct Place: Hashable {
            var stage: Stage
            var layer, token: Int
        }
        let model = TinyModel.small
        let weights = model.weights()
        let tokens = model.tokens(19)
        func stages(_ engine: any Engine) throws -> [Place: [UInt32]] {
            var stages: [Place: [UInt32]] = [:]
            try engine.forward(tokens) { stages[Place(stage: $0.stage, layer: $0.layer, token: $0.token)] = $0.values.bits }
            return stages
        }
        let expected = try stages(ReferenceEngine(weights))
        #expect(expected.count == tokens.count * (2 + 5 * model.layers))
        #expect(try stages(kind.engine(weights)) == expected)
    }

    @Test(
        "what a device lacks does not show in the bits",
        .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"),
        arguments: [
            [.integerDot, .subgroupSizeControl, .subgroupOperations, .cooperativeMatrix],
            [.hostVisible, .timestamps, .int8, .float16, .bufferDeviceAddress],
        ] as [[DisabledFeature]], [VulkanEngine.Form.automatic, .fused, .unfused])
    func features(lacking: [DisabledFeature], form: VulkanEngine.Form) throws {
        let model = TinyModel.small
        let weights = model.weights()
        let tokens = model.tokens(17)
        let expected = try Outcome(ReferenceEngine(weights), tokens)
        let engine = try VulkanEngine(weights, on: try #require(TestDevice.open(disabling: lacking)), form: form)
        #expect(try Outcome(engine, tokens) == expected)
        #expect(try Outcome(engine, tokens, ends: Array(1..<tokens.count)) == expected)
    }

    @Test(
        "every kind of embedding is widened the same", arguments: EngineKind.compared,
        [EmbeddingTable.Element.float32, .bfloat16])
    func embeddings(kind: EngineKind, element: EmbeddingTable.Element) throws {
        let model = TinyModel.small
        var weights = model.weights()
        let values = (0..<model.vocabulary).flatMap { weights.embedding.row($0) }
        let bytes = values.flatMap { value in
            // The upper half of a Float is a bfloat16.
            let all = withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
            return element == .float32 ? all : Array(all[2...])
        }
        weights.embedding = EmbeddingTable(rows: model.vocabulary, columns: model.hidden, element: element, bytes: bytes)
        let tokens = model.tokens(4)
        #expect(try Outcome(kind.engine(weights), tokens) == Outcome(ReferenceEngine(weights), tokens))
    }
}
