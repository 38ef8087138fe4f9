import TernaryFiles

/// A conversation with a model, whose state goes on from turn to turn: only what is new is read in.
public final class Conversation {
    /// What was said so far, oldest first; a system message may be the first.
    public var messages: [ChatMessage]
    /// How the model wants it written.
    public let template: ChatTemplate
    private let tokenizer: Tokenizer
    private let generator: TextGenerator
    /// The tokens of the text so far as the engine took or drew them; nil where its state is not known.
    private var taken: [Int]?

    /// A conversation that begins; the engine is at its start.
    public init(engine: any Engine, tokenizer: Tokenizer, template: ChatTemplate, messages: [ChatMessage] = []) {
        self.messages = messages
        self.template = template
        self.tokenizer = tokenizer
        generator = TextGenerator(engine: engine, tokenizer: tokenizer)
    }

    /// The first message's content where that is the system's.
    public var system: String? {
        get { messages.first.flatMap { $0.role == "system" ? $0.content : nil } }
        set {
            if system != nil { messages.removeFirst() }
            if let newValue { messages.insert(ChatMessage(role: "system", content: newValue), at: 0) }
        }
    }

    /// Asks the model and keeps what it answers, as far as it came.
    ///
    /// - Parameters:
    ///   - question: the user's turn.
    ///   - limit: tokens to draw at most; nil until the answer ends.
    ///   - stops: strings that end it, beside the template's own.
    ///   - isCancelled: asked before every token.
    ///   - show: is given text as it comes, whole characters only.
    /// - Throws: `FileError` where the template refuses the conversation, and what the engine and `show` throw; the question is then
    ///   forgotten.
    public func ask(
        _ question: String, sampling: SamplingOptions, limit: Int?, stops: [String] = [], isCancelled: () -> Bool = { false },
        show: (String) throws -> Void
    ) throws -> (reason: StopReason, statistics: GenerationStatistics) {
        let asked = messages + [ChatMessage(role: "user", content: question)]
        let all = tokens(of: try template.prompt(asked))
        let before = taken
        taken = nil
        var (kept, new) = (before ?? [], before.flatMap { Self.rest(of: all, after: $0, tokenizer) } ?? [])
        if new.isEmpty {
            try generator.reset()
            (kept, new) = ([], all)
        }
        var answer = ""
        let result = try generator.generate(
            tokens: new, ends: template.endTokens, keepsEnd: false, sampling: sampling, limit: limit,
            stops: template.stops + stops,
            isCancelled: isCancelled
        ) {
            answer += $0
            try show($0)
        }
        taken = kept + new + (result.reason == .endOfText ? result.tokens.dropLast() : result.tokens[...])
        messages = asked + [ChatMessage(role: "assistant", content: answer)]
        return (result.reason, result.statistics)
    }

    /// Forgets what was said, but for the system's message.
    public func reset() { messages = Array(messages.prefix(system == nil ? 0 : 1)) }

    /// A prompt's tokens; the begin token is put in front where the template leaves that to the tokenizer.
    private func tokens(of prompt: String) -> [Int] {
        let tokens = tokenizer.encode(prompt, addSpecialTokens: false)
        guard tokenizer.vocabulary.addsBeginToken, let begin = tokenizer.beginToken, tokens.first != begin else { return tokens }
        return [begin] + tokens
    }

    /// The tokens of a text that follow those already taken; nil where the text goes on otherwise.
    ///
    /// The model may have drawn other tokens for the same text than the tokenizer has: it is the texts that must agree, up to where a
    /// token ends in both.
    static func rest(of all: [Int], after taken: [Int], _ tokenizer: Tokenizer) -> [Int]? {
        if all.starts(with: taken) { return Array(all.dropFirst(taken.count)) }
        let text = tokenizer.decode(taken, skipSpecialTokens: false)
        var decoder = StreamingDecoder(tokenizer, skipSpecialTokens: false)
        var length = 0
        for (index, token) in all.enumerated() {
            length += decoder.append(token).utf8.count
            if length < text.count { continue }
            let isSame = length == text.count && tokenizer.decode(Array(all[...index]), skipSpecialTokens: false) == text
            return isSame ? Array(all[(index + 1)...]) : nil
        }
        return nil
    }
}
