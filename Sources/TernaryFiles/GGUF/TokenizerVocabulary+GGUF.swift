extension TokenizerVocabulary {
    private static let prefix = "tokenizer.ggml."
    /// Settings for which GGUF has no key.
    private static let ownPrefix = "vkternary.tokenizer."

    /// All of the vocabulary as GGUF metadata (`docs/GGUF.md`).
    var metadata: [(key: String, value: GGUFValue)] {
        var metadata: [(key: String, value: GGUFValue)] = []
        func add(_ key: String, _ value: GGUFValue) { metadata.append((Self.prefix + key, value)) }
        func addOwn(_ key: String, _ value: GGUFValue) { metadata.append((Self.ownPrefix + key, value)) }
        add("model", .text(algorithm.rawValue))
        add("tokens", .strings(tokens))
        // A byte-level vocabulary is ranked by its merges alone.
        if algorithm != .byteLevel { add("scores", .floats(scores)) }
        add("token_type", .integers(types))
        if !merges.isEmpty { add("merges", .strings(merges)) }
        if algorithm == .byteLevel, let name = preTokenizerName { add("pre", .text(name)) }
        if let token = beginToken { add("bos_token_id", .uint32(UInt32(token))) }
        if let token = endToken { add("eos_token_id", .uint32(UInt32(token))) }
        if let token = unknownToken { add("unknown_token_id", .uint32(UInt32(token))) }
        for (key, token) in zip(Self.turnEndKeys, turnEndTokens) { add(key, .uint32(UInt32(token))) }
        if !chatTemplate.isEmpty { metadata.append(("tokenizer.chat_template", .string(chatTemplate))) }
        add("add_bos_token", .bool(addsBeginToken))
        add("add_eos_token", .bool(addsEndToken))
        add("add_space_prefix", .bool(addsSpacePrefix))
        add("remove_extra_whitespaces", .bool(removesExtraWhitespaces))
        if !precompiledCharsmap.isEmpty { add("precompiled_charsmap", .bytes(precompiledCharsmap)) }
        addOwn("escape_whitespaces", .bool(escapesWhitespaces))
        addOwn("treat_whitespace_as_suffix", .bool(treatsWhitespaceAsSuffix))
        addOwn("unknown_surface", .string(unknownSurface))
        if !pipeline.isEmpty { addOwn("pipeline", .string(pipeline)) }
        return metadata
    }

    /// Reads a vocabulary out of a file's metadata; nil where there is none.
    ///
    /// - Throws: `FileError` for a value of another type than its key asks for; `Tokenizer` checks the rest.
    init?(_ metadata: [String: GGUFValue], path: String) throws {
        guard metadata[Self.prefix + "model"] != nil else { return nil }
        self.init()
        func read<T>(_ key: String, _ what: String, _ take: (GGUFValue) -> T?) throws -> T? {
            guard let value = metadata[key] else { return nil }
            guard let taken = take(value) else { throw FileError(path, at: key, "must be \(what)") }
            return taken
        }
        func bytes(_ key: String) throws -> [UInt8]? {
            try read(key, "a string") { if case .string(let text) = $0 { text } else { nil } }
        }
        func strings(_ key: String) throws -> [[UInt8]]? {
            try read(Self.prefix + key, "an array of strings") { if case .strings(let texts) = $0 { texts } else { nil } }
        }
        func flag(_ key: String, _ absent: Bool) throws -> Bool {
            try read(key, "a truth value") { if case .bool(let flag) = $0 { flag } else { nil } } ?? absent
        }
        func token(_ key: String) throws -> Int? { try read(Self.prefix + key, "a token id") { $0.int } }
        let model = try bytes(Self.prefix + "model").map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard let algorithm = Algorithm(rawValue: model) else {
            throw FileError(
                path, at: Self.prefix + "model", "\"\(model.forMessage)\" is not supported; \"llama\", \"t5\" and \"gpt2\" are")
        }
        self.algorithm = algorithm
        tokens = try strings("tokens") ?? []
        scores =
            try read(Self.prefix + "scores", "an array of FP32 numbers") { if case .floats(let all) = $0 { all } else { nil } }
            ?? []
        types =
            try read(Self.prefix + "token_type", "an array of INT32") { if case .integers(let all) = $0 { all } else { nil } }
            ?? []
        merges = try strings("merges") ?? []
        beginToken = try token("bos_token_id")
        endToken = try token("eos_token_id")
        unknownToken = try token("unknown_token_id")
        addsBeginToken = try flag(Self.prefix + "add_bos_token", beginToken != nil)
        addsEndToken = try flag(Self.prefix + "add_eos_token", false)
        addsSpacePrefix = try flag(Self.prefix + "add_space_prefix", true)
        removesExtraWhitespaces = try flag(Self.prefix + "remove_extra_whitespaces", false)
        precompiledCharsmap =
            try read(Self.prefix + "precompiled_charsmap", "an array of UINT8") {
                if case .bytes(let map) = $0 { map } else { nil }
            } ?? []
        escapesWhitespaces = try flag(Self.ownPrefix + "escape_whitespaces", true)
        treatsWhitespaceAsSuffix = try flag(Self.ownPrefix + "treat_whitespace_as_suffix", false)
        unknownSurface = try bytes(Self.ownPrefix + "unknown_surface") ?? unknownSurface
        pipeline = try bytes(Self.ownPrefix + "pipeline") ?? []
        chatTemplate = try bytes("tokenizer.chat_template") ?? []
        turnEndTokens = try Self.turnEndKeys.compactMap { try token($0) }.filter { $0 != endToken }
        if algorithm == .byteLevel {
            let addsBegin = metadata[Self.prefix + "add_bos_token"] == nil ? nil : addsBeginToken
            try completeBytePair(pre: bytes(Self.prefix + "pre"), addsBegin: addsBegin, path: path)
        }
    }

    /// The name of the pre-tokenizer, for readers that know it by that.
    private var preTokenizerName: String? {
        guard let json = try? JSON(parsing: pipeline), let description = try? PipelineDescription(json, path: "") else {
            return nil
        }
        return BytePairPipeline.name(of: description)
    }

    /// Fills in what files with a byte-level vocabulary leave out.
    ///
    /// - Parameters:
    ///   - pre: the pre-tokenizer's name, if the file has one.
    ///   - addsBegin: what the file says about the begin token, if it does.
    private mutating func completeBytePair(pre: [UInt8]?, addsBegin: Bool?, path: String) throws {
        if scores.isEmpty { scores = [Float](repeating: 0, count: tokens.count) }
        if types.isEmpty { types = [Int32](repeating: TokenType.normal.rawValue, count: tokens.count) }
        addsSpacePrefix = false
        // What we wrote ourselves says all there is.
        if !pipeline.isEmpty { return }
        guard types.count == tokens.count else { return }  // refused with the rest of what does not fit
        var name = String(decoding: pre ?? [], as: UTF8.self)
        if name.isEmpty || name == "default" {
            name = tokens.count == Self.llama3Count ? "llama-bpe" : "gpt-2"
            notices.append(
                "\(path): the file does not name its pre-tokenizer; with \(tokens.count) tokens it is taken for \(name)'s")
        }
        guard let known = BytePairPipeline.named(name) else {
            throw FileError(path, at: Self.prefix + "pre", "\"\(name.forMessage)\" is not a pre-tokenizer that is known here")
        }
        addsBeginToken = (addsBegin ?? known.addsBeginToken) && beginToken != nil
        pipeline = known.document(self).serialized()
    }

    private static let turnEndKeys = ["eot_token_id", "eom_token_id"]

    /// Tokens of the LLaMA-3 vocabulary, which BitNet b1.58 2B4T has.
    private static let llama3Count = 128_256
}
