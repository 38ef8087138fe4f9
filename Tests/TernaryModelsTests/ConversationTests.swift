import TernaryFiles
import Testing

@testable import TernaryModels

@Suite("Conversation")
struct ConversationTests {
    /// The built-in model on the reference engine is slow; on the CPU it is not.
    private func model() throws -> (engine: any Engine, tokenizer: Tokenizer) {
        let model = try Model.load(.embedded)
        return (try CPUEngine(EmbeddedWeights.load()), try #require(model.tokenizer))
    }

    private var greedy: SamplingOptions {
        var sampling = SamplingOptions()
        sampling.temperature = 0
        return sampling
    }

    @Test("reads only what is new, and answers as if it had read all of it again")
    func goesOn() throws {
        let (engine, tokenizer) = try model()
        let template = try ChatTemplate(.plain, tokenizer: tokenizer)
        let conversation = Conversation(engine: engine, tokenizer: tokenizer, template: template)
        var prompts: [Int] = []
        for question in ["Once there was a king.", "Who was he?", "And then?"] {
            let result = try conversation.ask(question, sampling: greedy, limit: 12) { _ in }
            prompts.append(result.statistics.promptTokens)
        }
        #expect(conversation.messages.map(\.role) == ["user", "assistant", "user", "assistant", "user", "assistant"])
        let all = tokenizer.encode(try template.prompt(Array(conversation.messages.dropLast())), addSpecialTokens: false)
        #expect(prompts[2] < all.count / 2, "\(prompts) of \(all.count)")

        // Another engine that is given the conversation reads all of it, and says the same.
        let other = Conversation(
            engine: try model().engine, tokenizer: tokenizer, template: template,
            messages: Array(conversation.messages.dropLast(2)))
        let again = try other.ask("And then?", sampling: greedy, limit: 12) { _ in }
        #expect(again.statistics.promptTokens >= all.count)
        #expect(other.messages == conversation.messages)
    }

    @Test("a changed past is read anew, and a refused turn is forgotten")
    func changes() throws {
        let (engine, tokenizer) = try model()
        let source = "{% for m in messages %}{{ m.content }}{{ raise_exception('no') if m.content == 'bad' }}\n{% endfor %}"
        let template = try ChatTemplate(Array(source.utf8), tokenizer: tokenizer, path: "t")
        let conversation = Conversation(engine: engine, tokenizer: tokenizer, template: template)
        conversation.system = "A tale of two foxes."
        _ = try conversation.ask("The first fox", sampling: greedy, limit: 4) { _ in }
        let before = conversation.messages
        #expect(throws: FileError.self) { try conversation.ask("bad", sampling: greedy, limit: 4) { _ in } }
        #expect(conversation.messages == before)
        conversation.system = "A tale of one fox."
        let changed = try conversation.ask("The fox", sampling: greedy, limit: 4) { _ in }
        #expect(changed.statistics.promptTokens > 20)
        conversation.reset()
        #expect(conversation.messages == [ChatMessage(role: "system", content: "A tale of one fox.")])
        conversation.system = nil
        #expect(conversation.messages.isEmpty)
    }

    @Test("an answer that is cut off or cancelled is kept as far as it came, and the state goes on from it")
    func cancelled() throws {
        let (engine, tokenizer) = try model()
        let conversation = Conversation(
            engine: engine, tokenizer: tokenizer, template: try ChatTemplate(.plain, tokenizer: tokenizer))
        var shown = ""
        let first = try conversation.ask(
            "The old woman", sampling: greedy, limit: nil, isCancelled: { shown.utf8.count > 10 }, show: { shown += $0 })
        #expect(first.reason == .cancelled)
        #expect(conversation.messages.last == ChatMessage(role: "assistant", content: shown))
        let second = try conversation.ask("Go on.", sampling: greedy, limit: 2) { _ in }
        #expect(second.statistics.promptTokens < 16)
    }

    @Test("the text decides whether the state goes on, not which tokens spelled it")
    func rest() throws {
        let tokenizer = try model().tokenizer
        let all = tokenizer.encode("The king went home.", addSpecialTokens: false)
        #expect(Conversation.rest(of: all, after: Array(all[..<2]), tokenizer) == Array(all[2...]))
        // The same beginning, a character or byte at a time.
        let slow = ["T", "h", "e"].flatMap { character in
            (0..<tokenizer.count).filter { String(decoding: tokenizer.piece($0), as: UTF8.self) == character }.prefix(1)
        }
        let the = try #require(Conversation.rest(of: all, after: slow, tokenizer))
        #expect(tokenizer.decode(the) == tokenizer.decode(Array(all[(all.count - the.count)...])))
        #expect(Conversation.rest(of: all, after: tokenizer.encode("The queen", addSpecialTokens: false), tokenizer) == nil)
        #expect(Conversation.rest(of: all, after: all + all, tokenizer) == nil)
    }
}
