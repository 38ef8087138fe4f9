import TernaryCore

extension TransformerGGUF {
    /// Most layers that a file may claim.
    private static let mostLayers = 4096

    /// The configuration that a file's metadata describe, int8 activations where they do not say, and what was put right in it.
    static func configuration(_ file: GGUFFile) throws -> (configuration: TransformerConfiguration, notices: [String]) {
        let keys = GGUFKeys(file: file)
        let own = keys.own
        let widths = 1...MatMulFreeConfiguration.widestRow
        guard let table = file.tensors[embedding] else { throw FileError(file.path, at: embedding, "the tensor is missing") }
        guard table.dimensions.count == 2, table.dimensions[1] <= MatMulFreeConfiguration.mostTokens else {
            throw FileError(file.path, at: embedding, "is \(table.dimensions), no table of tokens")
        }
        // Words are of whole tiles, which do not tell how many rows there are.
        let vocabulary =
            table.type == .int32
            ? try keys.requiredInt(own("vocab_size"), in: 1...MatMulFreeConfiguration.mostTokens) : table.dimensions[1]
        if let claimed = try keys.int(own("vocab_size"), in: 1...Int.max), claimed != vocabulary {
            throw keys.fail(own("vocab_size"), "is \(claimed) and \(embedding) has \(vocabulary) rows")
        }
        if case .strings(let tokens)? = file.metadata["tokenizer.ggml.tokens"], tokens.count > vocabulary {
            throw keys.fail("tokenizer.ggml.tokens", "has \(tokens.count) tokens and \(embedding) only \(vocabulary) rows")
        }
        let hidden = try keys.requiredInt(own("embedding_length"), in: widths)
        let heads = try keys.requiredInt(own("attention.head_count"), in: widths)
        let keyHeads = try keys.int(own("attention.head_count_kv"), in: widths) ?? heads
        guard heads.isMultiple(of: keyHeads) else {
            throw keys.fail(own("attention.head_count_kv"), "is \(keyHeads), which does not divide \(heads) heads")
        }
        let headSize = try headSize(keys, hidden: hidden, heads: heads)
        guard heads * headSize <= widths.upperBound else {
            throw keys.fail(own("attention.head_count"), "\(heads) heads of \(headSize) are wider than \(widths.upperBound)")
        }
        let (activation, notices) = try activation(keys, hidden: hidden, vocabulary: vocabulary)
        let configuration = TransformerConfiguration(
            vocabularySize: vocabulary, hiddenSize: hidden,
            intermediateSize: try keys.requiredInt(own("feed_forward_length"), in: widths),
            layerCount: try keys.requiredInt(own("block_count"), in: 1...mostLayers), headCount: heads,
            keyValueHeadCount: keyHeads, headSize: headSize,
            normEpsilon: try keys.requiredFloat(own("attention.layer_norm_rms_epsilon"), in: 1e-12...1),
            rotation: try rotation(keys, headSize: headSize), activation: activation,
            tiesEmbeddings: file.tensors[head + ".weight"] == nil, beginToken: try beginToken(keys, vocabulary),
            endTokens: try endTokens(keys, vocabulary),
            contextLength: try keys.int(own("context_length"), in: 1...1 << 40) ?? 4096)
        return (configuration, notices)
    }

    private static func headSize(_ keys: GGUFKeys, hidden: Int, heads: Int) throws -> Int {
        let widths = 2...MatMulFreeConfiguration.widestRow
        let key = keys.own("attention.key_length")
        let given = try keys.int(key, in: widths)
        guard given != nil || hidden.isMultiple(of: heads) else {
            throw keys.fail(key, "is missing, and \(heads) heads do not divide a width of \(hidden)")
        }
        let headSize = given ?? hidden / heads
        guard headSize.isMultiple(of: 2) else { throw keys.fail(key, "heads of \(headSize) cannot be turned: it is odd") }
        for name in ["attention.value_length", "rope.dimension_count"] {
            if let width = try keys.int(keys.own(name), in: widths), width != headSize {
                throw keys.fail(keys.own(name), "is \(width) and a head is \(headSize) wide; they must be the same")
            }
        }
        return headSize
    }

    /// The activation, and a notice where the file does not say it and should.
    private static func activation(
        _ keys: GGUFKeys, hidden: Int, vocabulary: Int
    ) throws -> (TransformerConfiguration.Activation, [String]) {
        let key = keys.own("hidden_activation")
        if let name = try keys.text(key) {
            switch name {
            case "silu", "swish": return (.silu, [])
            case "relu2", "relu_sqr", "relu_squared", "squared_relu": return (.squaredReLU, [])
            default: throw keys.fail(key, "\"\(name.forMessage)\" is not supported; \"silu\" and \"relu2\" are")
            }
        }
        let architecture = keys.file.architecture
        if architecture == "bitnet-b1.58" || architecture == "bitnet-25" {
            return (
                .squaredReLU, ["\(key) is missing; models of this architecture were trained with squared ReLU, which is used"]
            )
        }
        guard architecture == "bitnet", isBitNet2B(keys, hidden: hidden, vocabulary: vocabulary) else { return (.silu, []) }
        return (.squaredReLU, ["\(key) is missing; by its shape this is BitNet b1.58 2B-4T, whose squared ReLU is used"])
    }

    /// Whether a file's shape is that of microsoft/bitnet-b1.58-2B-4T.
    private static func isBitNet2B(_ keys: GGUFKeys, hidden: Int, vocabulary: Int) -> Bool {
        let metadata = keys.file.metadata
        return vocabulary == 128_256 && hidden == 2560 && metadata[keys.own("feed_forward_length")]?.int == 6912
            && metadata[keys.own("block_count")]?.int == 30 && keys.file.tensors[name(0, .attentionSub)] != nil
    }

    /// The token put before a prompt, unless the file says that none is.
    private static func beginToken(_ keys: GGUFKeys, _ vocabulary: Int) throws -> Int? {
        guard try keys.bool("tokenizer.ggml.add_bos_token") ?? true else { return nil }
        return try keys.int("tokenizer.ggml.bos_token_id", in: 0...vocabulary - 1)
    }

    /// Tokens that end a text: those with keys of their own, and the ends of turns, which older files have no key for.
    private static func endTokens(_ keys: GGUFKeys, _ vocabulary: Int) throws -> [Int] {
        if let value = keys.file.metadata[endTokens] {
            guard case .integers(let all) = value, all.allSatisfy({ $0 >= 0 && $0 < vocabulary }) else {
                throw keys.fail(endTokens, "must be an array of token ids below \(vocabulary)")
            }
            return all.map { Int($0) }
        }
        var found: [Int] = []
        for name in ["eos_token_id", "eot_token_id", "eom_token_id"] {
            if let token = try keys.int("tokenizer.ggml.\(name)", in: 0...vocabulary - 1) { found.append(token) }
        }
        if case .strings(let tokens)? = keys.file.metadata["tokenizer.ggml.tokens"] {
            let turnEnds = ["<|eot_id|>", "<|im_end|>"].map { Array($0.utf8) }
            found += tokens.indices.filter { turnEnds.contains(tokens[$0]) }
        }
        var seen: Set<Int> = []
        return found.filter { seen.insert($0).inserted }
    }
}
