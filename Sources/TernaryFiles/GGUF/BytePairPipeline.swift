/// What `tokenizer.ggml.pre` stands for: GGUF gives a byte-level vocabulary's pre-tokenizer a name and no description.
struct BytePairPipeline {
    /// The regular expression that `tokenizer.json` files have for it.
    let expression: String
    var composes = false
    var ignoresMerges = false
    /// Whether the begin token is put in front where the file does not say.
    var addsBeginToken = false

    private static let spaces = #"|\s+(?!\S)|\s+"#
    private static let endings = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    private static let gpt2 = BytePairPipeline(
        expression: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"# + spaces)
    private static let llama3 = BytePairPipeline(
        expression: endings + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"# + spaces,
        ignoresMerges: true, addsBeginToken: true)
    private static let qwen2 = BytePairPipeline(
        expression: endings + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"# + spaces, composes: true)

    /// By the names that llama.cpp and its forks write.
    static func named(_ name: String) -> BytePairPipeline? {
        switch name {
        case "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon_e", "falcon-h1", "pixtral": llama3
        case "qwen2", "deepseek-r1-qwen", "stablelm2": qwen2
        case "gpt-2", "gpt2", "gpt-neox", "gptneox", "olmo", "mpt", "phi-2", "dbrx", "roberta-bpe", "jina-es", "jina-de": gpt2
        default: nil
        }
    }

    /// The name of a `tokenizer.json`'s pre-tokenizer; nil where it has none.
    static func name(of description: PipelineDescription) -> String? {
        let pattern: WordPattern
        switch description.preTokenizers.count {
        case 1:
            guard case .byteLevel(addsSpace: false, splits: true) = description.preTokenizers[0] else { return nil }
            pattern = .gpt2
        case 2:
            guard case .split(let known, .isolated, isInverted: false) = description.preTokenizers[0],
                case .byteLevel(addsSpace: false, splits: false) = description.preTokenizers[1]
            else { return nil }
            pattern = known
        default: return nil
        }
        return [("llama-bpe", llama3), ("qwen2", qwen2), ("gpt-2", gpt2)].first {
            WordPattern(regularExpression: $1.expression) == pattern && $1.ignoresMerges == description.ignoresMerges
        }?.0
    }

    /// The `tokenizer.json` of a vocabulary, without its tokens and merges.
    func document(_ vocabulary: TokenizerVocabulary) -> JSON {
        func object(_ members: [(String, JSON)]) -> JSON {
            .object(members.map { JSON.Member(key: Array($0.utf8), value: $1) })
        }
        func text(_ text: String) -> JSON { .string(Array(text.utf8)) }
        let byteLevel: [(String, JSON)] = [
            ("type", text("ByteLevel")), ("add_prefix_space", .bool(false)), ("trim_offsets", .bool(true)),
            ("use_regex", .bool(false)),
        ]
        let split: [(String, JSON)] = [
            ("type", text("Split")), ("pattern", object([("Regex", text(expression))])), ("behavior", text("Isolated")),
            ("invert", .bool(false)),
        ]
        typealias Kind = TokenizerVocabulary.TokenType
        let added = zip(vocabulary.tokens, vocabulary.types).enumerated().compactMap { id, token -> JSON? in
            let isSpecial = token.1 == Kind.control.rawValue || token.1 == Kind.unknown.rawValue
            guard isSpecial || token.1 == Kind.userDefined.rawValue else { return nil }
            return object([
                ("id", .number(Double(id))), ("content", .string(token.0)), ("normalized", .bool(false)),
                ("special", .bool(isSpecial)),
            ])
        }
        return object([
            ("version", text("1.0")), ("added_tokens", .array(added)),
            ("normalizer", composes ? object([("type", text("NFC"))]) : .null),
            (
                "pre_tokenizer",
                object([("type", text("Sequence")), ("pretokenizers", .array([object(split), object(byteLevel)]))])
            ),
            ("post_processor", .null), ("decoder", object(byteLevel)),
            ("model", object([("type", text("BPE")), ("ignore_merges", .bool(ignoresMerges))])),
        ])
    }
}
