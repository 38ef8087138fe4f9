import TernaryCore
import Testing
import VulkanCompute

@testable import TernaryModels

/// An engine that is wrong by one bit in one value.
private final class Flawed: Engine {
    let inner: any Engine
    let stage: Stage
    let layer, token, element: Int
    /// Tokens taken so far.
    private var position = 0

    init(_ inner: any Engine, stage: Stage, layer: Int, token: Int, element: Int) {
        (self.inner, self.stage, self.layer, self.token, self.element) = (inner, stage, layer, token, element)
    }

    var deviceName: String { inner.deviceName }
    var modelConfiguration: ModelConfiguration { inner.modelConfiguration }
    var weightBytesPerToken: Int { inner.weightBytesPerToken }
    var sequenceCount: Int { inner.sequenceCount }
    var memory: MemoryUse { inner.memory }
    var deviceSeconds: Double? { inner.deviceSeconds }

    /// The only sequence that is wrong; all that is counted is its tokens.
    private var sequence: Int { sequenceCount - 1 }

    private func flip(_ value: inout Float) { value = Float(bitPattern: value.bitPattern ^ 1) }

    func forward(_ tokens: [Int], sequence: Int, logits: LogitRows) throws -> [Float] {
        var rows = try inner.forward(tokens, sequence: sequence, logits: logits)
        guard sequence == self.sequence else { return rows }
        let row = token - position
        position += tokens.count
        if stage == .logits, logits != .none, tokens.indices.contains(row) {
            flip(&rows[(logits == .all ? row : 0) * modelConfiguration.vocabularySize + element])
        }
        return rows
    }

    func forward(_ tokens: [Int], observe: (Observation) -> Void) throws {
        try inner.forward(tokens) { observation in
            var observation = observation
            if observation.stage == stage, observation.layer == layer, position + observation.token == token {
                flip(&observation.values[element])
            }
            observe(observation)
        }
        position += tokens.count
    }

    func step(_ tokens: [Int], of sequences: [Int]) throws -> [Float] {
        var rows = try inner.step(tokens, of: sequences)
        guard let row = sequences.firstIndex(of: sequence) else { return rows }
        if stage == .logits, position == token { flip(&rows[row * modelConfiguration.vocabularySize + element]) }
        position += 1
        return rows
    }

    func readState(sequence: Int) throws -> [[Float]] {
        var state = try inner.readState(sequence: sequence)
        if stage == .state, sequence == self.sequence, position > token { flip(&state[layer][element]) }
        return state
    }

    func measureReadBandwidth() throws -> Double? { nil }

    func reset() throws {
        try inner.reset()
        position = 0
    }

    func reset(sequence: Int) throws {
        try inner.reset(sequence: sequence)
        if sequence == self.sequence { position = 0 }
    }
}

@Suite("verifier")
struct VerifierTests {
    private let model = TinyModel.small
    private var weights: MatMulFreeWeights { model.weights() }

    @Test("finds every engine and feeding equal", arguments: EngineKind.available)
    func agree(kind: EngineKind) throws {
        let tokens = model.tokens(20)
        let expected = try Verifier.run(ReferenceEngine(weights), tokens: tokens, feeding: .steps, name: "reference")
        // More sequences than steps that one may be behind another.
        let engine = try kind.engine(weights, sequences: 9)
        for feeding in Feeding.allCases {
            #expect(try Verifier.run(engine, tokens: tokens, feeding: feeding, name: "").agrees(with: expected), "\(feeding)")
        }
        #expect(try Verifier.firstDifference(expected: ReferenceEngine(weights), actual: engine, tokens: tokens) == nil)
    }

    @Test("finds one wrong bit, wherever it is", arguments: Stage.matMulFree, EngineKind.available)
    func flawed(stage: Stage, kind: EngineKind) throws {
        let tokens = model.tokens(4)
        let layer = stage == .embedding || stage == .logits ? 0 : 1
        let flawed = Flawed(try kind.engine(weights), stage: stage, layer: layer, token: 2, element: 5)
        let difference = try #require(
            try Verifier.firstDifference(expected: ReferenceEngine(weights), actual: flawed, tokens: tokens))
        #expect(difference.stage == stage)
        #expect(difference.layer == layer)
        #expect(difference.token == 2)
        #expect(difference.element == 5)
        #expect(difference.actual.bitPattern == difference.expected.bitPattern ^ 1)
        #expect(difference.description.hasPrefix("token 2, layer \(layer), \(stage.rawValue)[5]: expected "))
    }

    @Test(
        "a trial of logits or state that are wrong by a bit does not agree", arguments: [Stage.logits, .state], Feeding.allCases)
    func trial(stage: Stage, feeding: Feeding) throws {
        let tokens = model.tokens(4)
        let expected = try Verifier.run(ReferenceEngine(weights), tokens: tokens, feeding: feeding, name: "right")
        let flawed = Flawed(ReferenceEngine(weights), stage: stage, layer: 0, token: 2, element: 50)
        #expect(try !Verifier.run(flawed, tokens: tokens, feeding: feeding, name: "wrong").agrees(with: expected))
    }

    @Test("of a batch every sequence is compared", arguments: [Stage.logits, .state])
    func batch(stage: Stage) throws {
        let tokens = model.tokens(4)
        let engine = ReferenceEngine(weights, sequences: 3)
        let expected = try Verifier.run(engine, tokens: tokens, feeding: .steps, name: "right")
        #expect(try Verifier.run(engine, tokens: tokens, feeding: .batch, name: "batch").agrees(with: expected))
        let flawed = Flawed(engine, stage: stage, layer: 0, token: 2, element: 50)
        #expect(try Verifier.run(flawed, tokens: tokens, feeding: .prefill, name: "sequence 0").agrees(with: expected))
        #expect(try !Verifier.run(flawed, tokens: tokens, feeding: .batch, name: "wrong").agrees(with: expected))
    }

    @Test("another model's first difference is where they differ")
    func otherModel() throws {
        var other = weights
        other.layers[1].down.norm[3] *= 2
        let difference = try #require(
            try Verifier.firstDifference(expected: ReferenceEngine(weights), actual: CPUEngine(other), tokens: [1, 2, 3]))
        #expect(difference.stage == .output && difference.layer == 1 && difference.token == 0)
    }
}
