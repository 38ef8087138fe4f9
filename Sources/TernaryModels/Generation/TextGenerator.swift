import TernaryCore
import TernaryFiles

/// Why a text ended.
public enum StopReason: String, Sendable {
    /// The model ended it.
    case endOfText = "end-of-text"
    /// As many tokens as were asked for.
    case length
    /// The context holds no more tokens.
    case context
    /// A stop string came up.
    case stopString = "stop-string"
    /// The caller cancelled it.
    case cancelled
}

/// What is measured while a text is written.
public struct GenerationStatistics: Sendable {
    /// Tokens of the prompt, the begin token included.
    public var promptTokens = 0
    /// Seconds from the prompt's first token to its logits.
    public var prefillSeconds = 0.0
    /// Tokens drawn.
    public var generatedTokens = 0
    /// Passes of one token after the prompt.
    public var decodeSteps = 0
    /// Seconds they took, sampling and showing the text included.
    public var decodeSeconds = 0.0
    /// Seconds of them by the device's own clock; nil where the device is the host.
    public var decodeDeviceSeconds: Double?
    /// Seconds from the start to the first drawn token.
    public var firstTokenSeconds = 0.0
    /// Hash of all logits that a token was drawn from.
    public var logitsHash = LogitsHash()

    /// Nothing measured yet.
    public init() {}

    /// 0 where nothing was measured.
    public var prefillTokensPerSecond: Double { prefillSeconds > 0 ? Double(promptTokens) / prefillSeconds : 0 }
    /// Of decode steps; 0 where there were none.
    public var decodeTokensPerSecond: Double { decodeSeconds > 0 ? Double(decodeSteps) / decodeSeconds : 0 }
    /// Of decode steps; 0 where there were none.
    public var millisecondsPerToken: Double { decodeSteps > 0 ? decodeSeconds * 1000 / Double(decodeSteps) : 0 }
}

/// A text that goes on: an engine's state, a tokenizer, and the tokens so far.
public final class TextGenerator {
    private let engine: any Engine
    private let tokenizer: Tokenizer
    /// The last token drawn, which no pass has taken in yet.
    private var pending: Int?
    private var isEmpty = true
    private let endTokens: Set<Int>

    /// An empty text; the engine is at its start.
    public init(engine: any Engine, tokenizer: Tokenizer) {
        self.engine = engine
        self.tokenizer = tokenizer
        endTokens = Set(engine.modelConfiguration.endTokens + (tokenizer.endToken.map { [$0] } ?? []))
    }

    /// Starts a new text.
    public func reset() throws {
        try engine.reset()
        pending = nil
        isEmpty = true
    }

    /// Appends a prompt and lets the model go on.
    ///
    /// - Parameters:
    ///   - prompt: bytes of text; invalid UTF-8 is read as the tokenizer's libraries read it. May be empty: the model goes on.
    ///   - limit: tokens to draw at most; nil until the model ends the text.
    ///   - stops: strings that end the text; they are not shown.
    ///   - isCancelled: asked before every token.
    ///   - show: is given text as it comes, whole characters only.
    public func generate(
        prompt: [UInt8], sampling: SamplingOptions, limit: Int?, stops: [String] = [], isCancelled: () -> Bool = { false },
        show: (String) throws -> Void
    ) throws -> (reason: StopReason, tokens: [Int], statistics: GenerationStatistics) {
        try generate(
            tokens: tokenizer.encode(prompt, addSpecialTokens: isEmpty), ends: endTokens,
            keepsEnd: true, sampling: sampling, limit: limit, stops: stops, isCancelled: isCancelled, show: show)
    }

    /// Appends tokens and lets the model go on.
    ///
    /// - Parameters:
    ///   - prompt: each below the vocabulary's size. May be empty: the model goes on.
    ///   - ends: tokens that end the text.
    ///   - keepsEnd: whether the one that did stands in front of what is appended next.
    ///   - limit: tokens to draw at most; nil until the model ends the text.
    ///   - stops: strings that end the text; they are not shown.
    ///   - isCancelled: asked before every token.
    ///   - show: is given text as it comes, whole characters only.
    public func generate(
        tokens prompt: [Int], ends: Set<Int>, keepsEnd: Bool, sampling: SamplingOptions, limit: Int?, stops: [String] = [],
        isCancelled: () -> Bool = { false }, show: (String) throws -> Void
    ) throws -> (reason: StopReason, tokens: [Int], statistics: GenerationStatistics) {
        let clock = ContinuousClock()
        let start = clock.now
        var statistics = GenerationStatistics()
        var promptTokens = (pending.map { [$0] } ?? []) + prompt
        pending = nil
        if promptTokens.isEmpty {
            // A text must start somewhere: with the begin token, or else the end token, which stands between documents.
            promptTokens = [tokenizer.beginToken ?? tokenizer.endToken ?? 0]
        }
        try engine.checkRoom(for: promptTokens.count)
        isEmpty = false
        statistics.promptTokens = promptTokens.count

        var sampler = Sampler(sampling)
        for token in promptTokens { sampler.accept(token) }
        var logits = try engine.forward(promptTokens, logits: .last)
        statistics.prefillSeconds = (clock.now - start).seconds

        var decoder = StreamingDecoder(tokenizer, after: promptTokens)
        var matcher = StopMatcher(stops)
        var tokens: [Int] = []
        let decodeStart = clock.now
        let deviceStart = engine.deviceSeconds
        var reason = StopReason.length
        while limit.map({ tokens.count < $0 }) ?? true {
            if isCancelled() {
                reason = .cancelled
                break
            }
            statistics.logitsHash.combine(logits)
            let token = sampler.sample(logits)
            tokens.append(token)
            pending = token
            if tokens.count == 1 { statistics.firstTokenSeconds = (clock.now - start).seconds }
            if ends.contains(token) {
                if !keepsEnd { pending = nil }
                reason = .endOfText
                break
            }
            let (text, stopped) = matcher.append(decoder.append(token))
            if !text.isEmpty { try show(text) }
            if stopped {
                reason = .stopString
                break
            }
            if tokens.count == limit { break }
            if engine.room(sequence: 0) == 0 {
                reason = .context
                break
            }
            logits = try engine.forward([token], logits: .last)
            pending = nil
            statistics.decodeSteps += 1
        }
        statistics.decodeSeconds = (clock.now - decodeStart).seconds
        statistics.decodeDeviceSeconds = engine.deviceSeconds.map { $0 - (deviceStart ?? 0) }
        statistics.generatedTokens = tokens.count
        if reason != .stopString {
            let rest = matcher.append(decoder.finish()).shown + matcher.finish()
            if !rest.isEmpty { try show(rest) }
        }
        return (reason, tokens, statistics)
    }
}

extension Engine {
    /// Throws `ContextError` where the first sequence cannot take so many tokens.
    public func checkRoom(for tokens: Int) throws {
        if let room = room(sequence: 0), tokens > room { throw ContextError(tokens: tokens, room: room) }
    }
}

/// A text is longer than what is left of the context.
public struct ContextError: Error, CustomStringConvertible {
    /// Tokens of the text.
    public let tokens: Int
    /// Tokens that the context still holds.
    public let room: Int

    /// What did not fit.
    public init(tokens: Int, room: Int) {
        self.tokens = tokens
        self.room = room
    }

    /// One line with the way out.
    public var description: String {
        "the text has \(tokens) tokens and the context room for \(room); --context makes it larger"
    }
}

extension Duration {
    /// Whole and part seconds as one number.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
