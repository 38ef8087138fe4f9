import Foundation
import TernaryCore
import Testing

@testable import TernaryModels

@Suite("perplexity")
struct PerplexityTests {
    @Test("windows score every token once, in order, behind enough context", arguments: [1, 2, 7, 12, 40, 200], [nil, 99])
    func windows(length: Int, begin: Int?) {
        let tokens = Array(0..<41)
        for stride in Set([1, max(1, length / 3), length]) {
            for limit in [nil, 1, 30, 100] {
                let windows = TextWindows(tokens, begin: begin, length: length, stride: stride, limit: limit)
                let all = (0..<windows.count).map(windows.window)
                let first = begin == nil ? 1 : 0
                #expect(all.flatMap(\.targets) == Array(tokens[first...].prefix(limit ?? 100)))
                #expect(windows.inputCount == all.reduce(0) { $0 + $1.input.count })
                for (index, window) in all.enumerated() {
                    #expect(window.input.count <= length && !window.targets.isEmpty && window.contextCount >= 0)
                    #expect(index == 0 || window.input.count - window.targets.count >= min(length - stride, 1))
                    // What is read is the text up to the token before the last target, behind what comes first.
                    let last = window.targets.last!
                    let start = last - window.input.count + 1
                    #expect(window.input == [begin ?? start - 1] + Array(start..<last))
                }
            }
        }
    }

    @Test("a text of nothing that can be foretold has no windows")
    func nothing() {
        #expect(TextWindows([], begin: 1).count == 0 && TextWindows([], begin: nil).count == 0)
        #expect(TextWindows([5], begin: nil).count == 0 && TextWindows([5], begin: 1).count == 1)
    }

    @Test("the mean, its error and the perplexity of nats worked by hand")
    func statistics() {
        var entropy = CrossEntropy()
        #expect(entropy.mean == 0 && entropy.standardError == nil)
        entropy.add(1)
        #expect(entropy.mean == 1 && entropy.standardError == nil && entropy.perplexityError == nil)
        entropy.add(2)
        entropy.add(3)
        #expect(entropy.count == 3 && entropy.mean == 2)
        // Deviations -1, 0, 1: a variance of 2/3 over 3 - 1.
        #expect(abs(entropy.standardError! - (1.0 / 3).squareRoot()) < 1e-15)
        #expect(abs(entropy.perplexity - exp(2)) < 1e-14)
        #expect(abs(entropy.perplexityError! - exp(2) * (1.0 / 3).squareRoot()) < 1e-14)
        #expect(abs(entropy.bitsPerByte(12) - 0.5 / log(2)) < 1e-15)
    }

    @Test("likelihoods are the softmax's, however large the logits")
    func likelihoods() {
        func nats(_ logits: [Float], _ target: Int) -> Double {
            logits.withUnsafeBufferPointer { negativeLogLikelihood($0, of: target) }
        }
        #expect(abs(nats([5, 5, 5, 5], 2) - log(4)) < 1e-15)
        #expect(abs(nats([0, Float(log(3.0))], 0) - log(4)) < 1e-7)
        #expect(nats([1e15, -1e15], 0) == 0 && nats([1e15, -1e15], 1) == 2 * Double(Float(1e15)))
        #expect(nats([-3], 0) == 0)
    }

    /// Each window by itself, from the definition.
    private static func expected(_ windows: TextWindows, _ engine: any Engine) throws -> CrossEntropy {
        var entropy = CrossEntropy()
        let width = engine.modelConfiguration.vocabularySize
        for index in 0..<windows.count {
            let window = windows.window(index)
            try engine.reset()
            for (place, token) in window.input.enumerated() {
                let logits = try engine.forward([token], logits: .last).map(Double.init)
                guard place >= window.contextCount else { continue }
                let target = window.targets[window.targets.startIndex + place - window.contextCount]
                let largest = logits.max()!
                #expect(logits.count == width)
                entropy.add(log(logits.reduce(0) { $0 + exp($1 - largest) }) + largest - logits[target])
            }
        }
        return entropy
    }

    @Test("every engine gives the same digits, those of the definition", arguments: EngineKind.available)
    func engines(kind: EngineKind) throws {
        let model = TinyModel.small
        let windows = TextWindows(model.tokens(60), begin: 1, length: 24, stride: 9)
        let reference = ReferenceEngine(model.weights())
        let scored = try TextScorer(windows, engine: reference).score()
        let expected = try Self.expected(windows, reference)
        #expect(scored.count == 60 && abs(scored.mean - expected.mean) < 1e-13)
        #expect(abs(scored.standardError! - expected.standardError!) < 1e-12)
        #expect(try TextScorer(windows, engine: kind.engine(model.weights())).score() == scored)
    }

    @Test("a transformer's windows may fill its context")
    func transformer() throws {
        let weights = try TransformerWeights(
            RandomTransformerWeights(
                TransformerPreset(
                    TransformerConfiguration(
                        vocabularySize: 31, hiddenSize: 48, intermediateSize: 70, layerCount: 2, headCount: 4,
                        keyValueHeadCount: 2,
                        headSize: 16, normEpsilon: 1e-5, rotation: RotaryEmbedding(theta: 1e4), activation: .silu),
                    hasSubNorms: true, embedding: .float16), seed: 3))
        let engine = TransformerReferenceEngine(weights, keysAndValues: KeyValueOptions(contextLimit: 12))
        let windows = TextWindows((0..<40).map { $0 * 7 % 31 }, begin: nil, length: 12, stride: 5)
        let scored = try TextScorer(windows, engine: engine).score()
        #expect(scored.count == 39)
        #expect(abs(try scored.mean - Self.expected(windows, engine).mean) < 1e-13)
    }

    @Test("tells how far it is, and gives what it has where it is cancelled")
    func cancelled() throws {
        let model = TinyModel.small
        let windows = TextWindows(model.tokens(50), begin: 1, length: 20, stride: 10)
        var shares: [Double] = []
        let whole = try TextScorer(windows, engine: ReferenceEngine(model.weights()))
            .score(progress: { share, _ in shares.append(share) })
        #expect(whole.count == 50 && shares == shares.sorted() && shares.last == 1)
        var seen = CrossEntropy()
        let part = try TextScorer(windows, engine: ReferenceEngine(model.weights()))
            .score(isCancelled: { seen.count >= 20 }) { seen = $1 }
        #expect(part == seen && part.count == 20)
    }
}
