import TernaryCore

extension TransformerConfiguration {
    /// Longer contexts are refused.
    static let longestContext = 1 << 30

    /// Reads a `config.json`; what is absent has the default of the family's class. Whether activations are quantised is not in it.
    init(_ reader: ConfigurationReader) throws {
        let family = try Self.family(reader)
        if let names = reader.value("architectures"), names.array?.allSatisfy({ $0.string != nil }) != true {
            throw reader.fail("architectures", "must be an array of strings")
        }
        let widest = MatMulFreeConfiguration.widestRow
        func size(_ key: String, most: Int) throws -> Int {
            guard let size = try reader.int(key, in: 1...most) else { throw reader.fail(key, "is missing") }
            return size
        }
        let hidden = try size("hidden_size", most: widest)
        let heads = try size("num_attention_heads", most: widest)
        let keyValueHeads = try reader.int("num_key_value_heads", in: 1...widest) ?? heads
        guard heads.isMultiple(of: keyValueHeads) else {
            throw reader.fail("num_key_value_heads", "\(keyValueHeads) does not divide num_attention_heads \(heads)")
        }
        let headSize = try Self.headSize(reader, family, hidden: hidden, heads: heads)
        let context = try reader.int("max_position_embeddings", in: 1...Self.longestContext) ?? family.contextLength
        try Self.refuseWindows(reader, family, context: context)
        let vocabulary = try size("vocab_size", most: MatMulFreeConfiguration.mostTokens)
        let tokens = try Self.tokens(reader, family, vocabulary: vocabulary)
        self.init(
            vocabularySize: vocabulary, hiddenSize: hidden, intermediateSize: try size("intermediate_size", most: widest),
            layerCount: try size("num_hidden_layers", most: MatMulFreeConfiguration.mostLayers), headCount: heads,
            keyValueHeadCount: keyValueHeads, headSize: headSize,
            normEpsilon: Float(try reader.number("rms_norm_eps", in: 1e-12...1) ?? family.normEpsilon),
            rotation: try RotaryEmbedding(reader, family, context: context), activation: try Self.activation(reader, family),
            tiesEmbeddings: try reader.bool("tie_word_embeddings") ?? false,
            beginToken: tokens.begin, endTokens: tokens.end, contextLength: context)
    }

    /// The family of a `config.json`.
    private static func family(_ reader: ConfigurationReader) throws -> TransformerFamily {
        guard let type = try reader.string("model_type") else { throw reader.fail("model_type", "is missing") }
        guard let family = TransformerFamily(rawValue: type) else {
            let known = TransformerFamily.allCases.map(\.rawValue).joined(separator: ", ")
            throw reader.fail("model_type", "\"\(type.forMessage)\" is not supported; \(known) are")
        }
        return family
    }

    private static func headSize(
        _ reader: ConfigurationReader, _ family: TransformerFamily, hidden: Int, heads: Int
    ) throws -> Int {
        let widest = MatMulFreeConfiguration.widestRow
        let size: Int
        // A null is not an absent key: it asks for the quotient in every family.
        if let given = try reader.int("head_dim", in: 1...widest) ?? (reader.has("head_dim") ? nil : family.headSize) {
            size = given
        } else {
            guard hidden.isMultiple(of: heads) else {
                throw reader.fail(
                    "num_attention_heads", "\(heads) does not divide hidden_size \(hidden) and there is no head_dim")
            }
            size = hidden / heads
        }
        guard size.isMultiple(of: 2) else {
            throw reader.fail("head_dim", "is \(size); rotary embedding needs an even width of heads")
        }
        guard heads * size <= widest else {
            throw reader.fail("head_dim", "makes the heads \(heads * size) wide together, more than \(widest)")
        }
        return size
    }

    private static func activation(_ reader: ConfigurationReader, _ family: TransformerFamily) throws -> Activation {
        switch try reader.string("hidden_act") ?? family.activation {
        case "relu2": return .squaredReLU
        case "silu", "swish": return .silu
        case let name: throw reader.fail("hidden_act", "\"\(name.forMessage)\" is not supported; silu and relu2 are")
        }
    }

    /// Attention here reads the whole context, so a window that could cut it is refused.
    private static func refuseWindows(_ reader: ConfigurationReader, _ family: TransformerFamily, context: Int) throws {
        if let types = try reader.strings("layer_types"), let other = types.first(where: { $0 != "full_attention" }) {
            throw reader.fail("layer_types", "\"\(other.forMessage)\" is not supported; \"full_attention\" is")
        }
        let window = try reader.int("sliding_window", in: 1...longestContext)
        switch family {
        case .bitnet, .llama: return
        case .qwen2, .qwen3:
            guard try reader.bool("use_sliding_window") == true, let window, window < context else { return }
            throw reader.fail("use_sliding_window", "is true; attention through a window is not supported")
        case .mistral:
            guard let window = window ?? (reader.has("sliding_window") ? nil : 4096), window < context else { return }
            throw reader.fail("sliding_window", "is \(window); attention through a window is not supported")
        }
    }

    /// The tokens that begin and end a text; a default of the class counts only where the vocabulary has it.
    private static func tokens(
        _ reader: ConfigurationReader, _ family: TransformerFamily, vocabulary: Int
    ) throws -> (begin: Int?, end: [Int]) {
        func ours(_ token: Int?, _ key: String) -> Int? {
            guard let token, token < vocabulary, !reader.has(key) else { return nil }
            return token
        }
        let begin = try reader.int("bos_token_id", in: 0...vocabulary - 1) ?? ours(family.tokens.begin, "bos_token_id")
        let end = try reader.tokens("eos_token_id", vocabulary: vocabulary)
        return (begin, end ?? ours(family.tokens.end, "eos_token_id").map { [$0] } ?? [])
    }
}

extension ConfigurationReader {
    /// One token or a list of them.
    func tokens(_ key: String, vocabulary: Int) throws -> [Int]? {
        guard let list = value(key)?.array else { return try int(key, in: 0...vocabulary - 1).map { [$0] } }
        guard list.count <= 1024 else { throw fail(key, "lists \(list.count) tokens") }
        return try list.map { element in
            guard let token = element.int, (0..<vocabulary).contains(token) else {
                throw fail(key, "must list whole numbers within 0...\(vocabulary - 1)")
            }
            return token
        }
    }
}
