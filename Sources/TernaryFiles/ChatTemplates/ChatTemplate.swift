import Glibc

/// How a model wants a conversation written: a Jinja template, and what ends an answer.
public struct ChatTemplate {
    /// What to call it: a family's name, or "the model's own".
    public let name: String
    /// What was put right or made up, for whoever asked; nil where the model's own template is used.
    public let notice: String?
    /// Strings that end an answer, for templates without tokens that do.
    public let stops: [String]
    /// Tokens that end an answer.
    public let endTokens: Set<Int>
    private let statements: [JinjaStatement]
    private let path: String
    /// Special tokens' texts by the names that templates have for them.
    private let specialTokens: [String: JinjaValue]
    private static let place = "chat template"

    /// A template from its text.
    ///
    /// - Parameters:
    ///   - source: Jinja; the part of it that chat templates use.
    ///   - tokenizer: the model's; its special tokens have names in templates.
    ///   - path: the file to name in errors.
    /// - Throws: `FileError` with the line of what is malformed or not supported.
    public init(
        _ source: [UInt8], tokenizer: Tokenizer, path: String, name: String = "the model's own", notice: String? = nil,
        stops: [String] = []
    ) throws {
        guard UTF8Text.isValid(source) else { throw FileError(path, at: Self.place, "its text is not UTF-8") }
        do {
            statements = try JinjaParser.parse(source)
        } catch let error as JinjaError {
            throw FileError(path, at: "\(Self.place), line \(error.line)", error.reason)
        }
        self.name = name
        self.notice = notice
        self.stops = stops
        self.path = path
        endTokens = Self.endTokens(of: tokenizer)
        func text(_ token: Int?) -> JinjaValue { .string(token.map { tokenizer.piece($0) } ?? []) }
        specialTokens = [
            "bos_token": text(tokenizer.beginToken), "eos_token": text(tokenizer.endToken),
            "unk_token": text(tokenizer.unknownToken),
        ]
    }

    /// The text that the model goes on from.
    ///
    /// - Parameters:
    ///   - messages: oldest first.
    ///   - addGenerationPrompt: whether it ends with the beginning of an answer.
    /// - Throws: `FileError` where the template refuses the conversation, or does not end.
    public func prompt(_ messages: [ChatMessage], addGenerationPrompt: Bool = true) throws -> String {
        var names = specialTokens
        names["messages"] = .list(
            messages.map {
                .object(
                    JinjaObject([
                        (Array("role".utf8), .string(Array($0.role.utf8))),
                        (Array("content".utf8), .string(Array($0.content.utf8))),
                    ]))
            })
        names["add_generation_prompt"] = .bool(addGenerationPrompt)
        for name in ["tools", "documents"] { names[name] = JinjaValue.none }
        do {
            return String(decoding: try JinjaInterpreter(names: names, date: Self.today).render(statements), as: UTF8.self)
        } catch let error as JinjaError {
            throw FileError(path, at: "\(Self.place), line \(error.line)", error.reason)
        }
    }

    /// Names of tokens that end a turn in the vocabularies that have them.
    private static let turnEnds: Set<String> = [
        "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|im_end|>", "<|endoftext|>", "<|end|>", "<end_of_turn>",
        "<|end_of_turn|>",
    ]

    private static func endTokens(of tokenizer: Tokenizer) -> Set<Int> {
        let vocabulary = tokenizer.vocabulary
        var ends = Set(vocabulary.turnEndTokens)
        if let end = tokenizer.endToken { ends.insert(end) }
        for (id, type) in vocabulary.types.enumerated() where type == TokenizerVocabulary.TokenType.control.rawValue {
            if turnEnds.contains(String(decoding: vocabulary.tokens[id], as: UTF8.self)) { ends.insert(id) }
        }
        return ends
    }

    /// The date by a format of `strftime`; empty where that says nothing.
    private static func today(_ format: String) -> String {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 1024)
        let count = strftime(&text, text.count, format, &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
