import TernaryCore
import TernaryFiles
import Testing
import VulkanCompute

@testable import TernaryModels

/// An engine that plays a script: whatever it takes in, the next token is the next of a list; it keeps what it was given.
private final class Scripted: Engine {
    let script: [Int]
    private(set) var taken: [[Int]] = []
    private var position = 0

    init(_ script: [Int], vocabulary: Int) {
        self.script = script
        modelConfiguration = .matMulFree(
            MatMulFreeConfiguration(
                vocabularySize: vocabulary, hiddenSize: 1, intermediateSize: 1, layerCount: 1, endToken: nil))
    }

    let deviceName = "script"
    let modelConfiguration: ModelConfiguration
    let weightBytesPerToken = 0
    let sequenceCount = 1
    var memory: MemoryUse { MemoryUse(device: 0, host: 0) }
    var deviceSeconds: Double? { nil }

    func forward(_ tokens: [Int], sequence: Int, logits: LogitRows) throws -> [Float] {
        taken.append(tokens)
        var row = [Float](repeating: 0, count: modelConfiguration.vocabularySize)
        row[script[position % script.count]] = 1
        position += 1
        return row
    }

    func forward(_ tokens: [Int], observe: (Observation) -> Void) throws {}
    func step(_ tokens: [Int], of sequences: [Int]) throws -> [Float] { try forward(tokens, sequence: 0, logits: .last) }
    func readState(sequence: Int) throws -> [[Float]] { [] }
    func measureReadBandwidth() throws -> Double? { nil }
    func reset() throws { position = 0 }
    func reset(sequence: Int) throws { position = 0 }
}

@Suite("text generation")
struct TextGeneratorTests {
    static let tokenizer = Result { try Checkpoint.open(EmbeddedModel.bytes, name: EmbeddedModel.name).tokenizer() }

    /// Greedy, so that a script is followed.
    private var greedy: SamplingOptions {
        var options = SamplingOptions()
        options.temperature = 0
        return options
    }

    /// A generator that will write this text after the prompt "Once".
    private func scripted(_ text: String, ends: Bool = true) throws -> (TextGenerator, Scripted, tokens: [Int]) {
        let tokenizer = try Self.tokenizer.get()
        let tokens = Array(tokenizer.encode("Once" + text, addSpecialTokens: false).dropFirst(once(tokenizer).count))
        let engine = Scripted(tokens + (ends ? [try #require(tokenizer.endToken)] : []), vocabulary: tokenizer.count)
        return (TextGenerator(engine: engine, tokenizer: tokenizer), engine, tokens)
    }

    private func once(_ tokenizer: Tokenizer) -> [Int] { tokenizer.encode("Once", addSpecialTokens: false) }

    private func write(
        _ generator: TextGenerator, _ prompt: String = "Once", limit: Int? = nil, stops: [String] = [],
        isCancelled: () -> Bool = { false }
    ) throws -> (text: String, reason: StopReason, tokens: [Int], statistics: GenerationStatistics) {
        var text = ""
        let result = try generator.generate(
            prompt: Array(prompt.utf8), sampling: greedy, limit: limit, stops: stops, isCancelled: isCancelled
        ) { text += $0 }
        return (text, result.reason, result.tokens, result.statistics)
    }

    @Test("ends with the end token, which is not shown")
    func endToken() throws {
        let (generator, engine, tokens) = try scripted(" upon a time")
        let result = try write(generator)
        #expect(result.text == " upon a time")
        #expect(result.reason == .endOfText)
        #expect(result.tokens.dropLast() == tokens[...])
        #expect(result.statistics.generatedTokens == tokens.count + 1)
        #expect(result.statistics.decodeSteps == tokens.count)
        let tokenizer = try Self.tokenizer.get()
        #expect(result.statistics.promptTokens == engine.taken[0].count)
        #expect(engine.taken == [[try #require(tokenizer.beginToken)] + once(tokenizer)] + tokens.map { [$0] })
    }

    @Test("draws no more tokens than asked for, and computes nothing after them", arguments: [0, 1, 2])
    func limit(limit: Int) throws {
        let (generator, engine, tokens) = try scripted(" upon a time")
        let result = try write(generator, limit: limit)
        #expect(result.reason == .length)
        #expect(result.tokens == Array(tokens.prefix(limit)))
        #expect(engine.taken.count == max(limit, 1))
    }

    @Test("stops before a stop string, also where it spans tokens")
    func stopStrings() throws {
        let (generator, _, _) = try scripted(" upon a time there was")
        let result = try write(generator, stops: ["zebra", "a time th"])
        #expect(result.text == " upon ")
        #expect(result.reason == .stopString)
    }

    @Test("what only looked like a stop string is shown at the end")
    func heldBack() throws {
        let (generator, _, _) = try scripted(" upon a time")
        let result = try write(generator, stops: ["time flies"])
        #expect(result.text == " upon a time")
        #expect(result.reason == .endOfText)
    }

    @Test("ends when cancelled, before the next token")
    func cancelled() throws {
        let (generator, _, tokens) = try scripted(" upon a time")
        var asked = 0
        let result = try write(generator) {
            asked += 1
            return asked > 2
        }
        #expect(result.reason == .cancelled)
        #expect(result.tokens == Array(tokens.prefix(2)))
    }

    @Test("shows whole characters only, and what is left of one at the end")
    func characters() throws {
        let (generator, _, tokens) = try scripted("\u{1F984}!")
        var pieces: [String] = []
        _ = try generator.generate(prompt: Array("Once".utf8), sampling: greedy, limit: nil) { pieces.append($0) }
        // The unicorn is no piece of the vocabulary: four byte tokens.
        #expect(tokens.count >= 5)
        #expect(pieces == ["\u{1F984}", "!"])
        try generator.reset()
        #expect(try write(generator, limit: 3).text == "\u{FFFD}\u{FFFD}\u{FFFD}")
    }

    @Test("a session goes on with the token that no pass has taken in")
    func session() throws {
        let (generator, engine, tokens) = try scripted(" upon a time", ends: false)
        let tokenizer = try Self.tokenizer.get()
        _ = try write(generator, limit: 2)
        _ = try write(generator, " more", limit: 1)
        let more = tokenizer.encode(" more", addSpecialTokens: false)
        #expect(engine.taken.count == 3)
        #expect(engine.taken[2] == [tokens[1]] + more, "the drawn token, then the prompt, without another begin token")
        // Without a prompt the model goes on.
        _ = try write(generator, "", limit: 1)
        #expect(engine.taken[3].count == 1)
        // A new text starts with the begin token and forgets the drawn one.
        try generator.reset()
        _ = try write(generator, limit: 1)
        #expect(engine.taken[4] == engine.taken[0])
    }

    @Test("a cancelled text goes on with all its tokens taken in once")
    func sessionAfterCancel() throws {
        let (generator, engine, tokens) = try scripted(" upon a time", ends: false)
        var asked = 0
        _ = try write(generator) {
            asked += 1
            return asked > 2
        }
        _ = try write(generator, "", limit: 1)
        let tokenizer = try Self.tokenizer.get()
        let taken = engine.taken.flatMap { $0 }
        #expect(Array(taken.prefix(2 + once(tokenizer).count).dropFirst(1 + once(tokenizer).count)) == [tokens[0]])
        #expect(engine.taken[1...2].map { $0 } == [[tokens[0]], [tokens[1]]])
    }

    @Test("a text without a prompt starts with the begin token")
    func noPrompt() throws {
        let (generator, engine, _) = try scripted(" upon")
        _ = try write(generator, "", limit: 1)
        #expect(engine.taken == [[try #require(try Self.tokenizer.get().beginToken)]])
    }

    @Test("the same seed writes the same text on every engine, another seed another", arguments: EngineKind.available)
    func seeds(kind: EngineKind) throws {
        // A tiny model with the vocabulary's first tokens; ids beyond them never come up.
        let weights = TinyModel.small.weights()
        func text(_ kind: EngineKind, seed: UInt64) throws -> (String, [Int], String) {
            let generator = TextGenerator(engine: try kind.engine(weights), tokenizer: try Self.tokenizer.get())
            var options = SamplingOptions()
            options.temperature = 1.5
            options.seed = seed
            options.repeatPenalty = 1.1
            var text = ""
            let result = try generator.generate(prompt: [], sampling: options, limit: 24) { text += $0 }
            return (text, result.tokens, "\(result.statistics.logitsHash)")
        }
        let first = try text(kind, seed: 5)
        #expect(try text(kind, seed: 5) == first)
        #expect(try text(.reference, seed: 5) == first)
        #expect(try text(kind, seed: 6).1 != first.1)
    }
}
