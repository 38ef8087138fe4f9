extension TokenizerVocabulary {
    /// Reads a `tokenizer.json`: byte-level BPE, and BPE with byte fallback.
    ///
    /// - Throws: ``FileError`` naming the key that is malformed or not supported.
    public init(tokenizerJSON file: [UInt8], path: String) throws {
        let document: JSON
        do { document = try JSON(parsing: file) } catch { throw FileError(path, "\(error)") }
        let description = try PipelineDescription(document, path: path)
        let model = try JSONFields(document["model"], path: path, place: "model")
        try readTokens(model, path: path)
        let modelTokenCount = tokens.count
        try add(description.addedTokens, path: path)
        merges = try Self.merges(try model.array("merges") ?? [], path: path)
        types = [Int32](repeating: TokenType.normal.rawValue, count: tokens.count)
        if description.hasByteFallback {
            for (id, token) in tokens.enumerated() where Self.byte(token) != nil { types[id] = TokenType.byte.rawValue }
        }
        for token in description.addedTokens {
            types[token.id] = (token.isSpecial ? TokenType.control : .userDefined).rawValue
        }
        let known = idsByText()
        unknownToken = description.unknownToken.flatMap { known[$0] }
        if let unknownToken { types[unknownToken] = TokenType.unknown.rawValue }
        if description.decoder.isByteLevel {
            (algorithm, addsSpacePrefix) = (.byteLevel, false)
            scores = [Float](repeating: 0, count: tokens.count)
        } else {
            scores = Self.scores(merges, count: tokens.count, known: known)
        }
        pipeline = Self.pipeline(document, modelTokenCount: modelTokenCount)
        takeTemplate(description, known: known)
    }

    /// The model's tokens, whose ids must run from 0 without a gap.
    private mutating func readTokens(_ model: JSONFields, path: String) throws {
        guard let members = model["vocab"]?.object else { throw model.error("vocab", "missing, or not a JSON object") }
        guard members.count <= 1 << 24 else { throw model.error("vocab", "\(members.count) tokens; at most \(1 << 24)") }
        var isTaken = [Bool](repeating: false, count: members.count)
        tokens = [[UInt8]](repeating: [], count: members.count)
        for member in members {
            guard let id = member.value.int, members.indices.contains(id), !isTaken[id] else {
                let text = String(decoding: member.key.prefix(64), as: UTF8.self)
                throw model.error("vocab", "the id of \"\(text)\" is taken or not below the \(members.count) tokens' count")
            }
            isTaken[id] = true
            tokens[id] = member.key
        }
    }

    /// Adds the tokens that the model lacks; the reference library would number others than the file says anew.
    private mutating func add(_ added: [PipelineDescription.AddedToken], path: String) throws {
        var known = idsByText()
        for token in added {
            let id = known[token.content] ?? tokens.count
            guard token.id == id else {
                let text = String(decoding: token.content, as: UTF8.self)
                throw FileError(path, at: "added_tokens", "\"\(text)\" has id \(token.id), but belongs at \(id)")
            }
            if id == tokens.count { tokens.append(token.content) }
            known[token.content] = id
        }
    }

    private func idsByText() -> [[UInt8]: Int] {
        Dictionary(tokens.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Merges as "left right", from either of the two forms that files have them in.
    private static func merges(_ values: [JSON], path: String) throws -> [[UInt8]] {
        try values.enumerated().map { index, value in
            if let text = value.stringBytes { return text }
            if let sides = value.array, sides.count == 2, let left = sides[0].stringBytes, let right = sides[1].stringBytes {
                return left + [UInt8(ascii: " ")] + right
            }
            throw FileError(path, at: "model.merges[\(index)]", "neither a string nor a pair of strings")
        }
    }

    /// Scores that rank tokens as their merges do, for readers that know scores alone.
    private static func scores(_ merges: [[UInt8]], count: Int, known: [[UInt8]: Int]) -> [Float] {
        var scores = [Float](repeating: 0, count: count)
        for (rank, merge) in merges.enumerated().reversed() {
            if let id = known[merge.filter { $0 != UInt8(ascii: " ") }] { scores[id] = -Float(rank) }
        }
        return scores
    }

    /// The document without its vocabulary and merges.
    private static func pipeline(_ document: JSON, modelTokenCount: Int) -> [UInt8] {
        let bulk = [Array("vocab".utf8), Array("merges".utf8), Array("vocab_size".utf8)]
        let model = (document["model"]?.object ?? []).filter { !bulk.contains($0.key) }
        let size = JSON.Member(key: bulk[2], value: .number(Double(modelTokenCount)))
        return replacing("model", in: document, by: .object(model + [size])).serialized()
    }

    /// Where the template is no more than a begin token in front and an end token behind, the two flags say so instead.
    private mutating func takeTemplate(_ description: PipelineDescription, known: [[UInt8]: Int]) {
        let special = Set(description.addedTokens.filter(\.isSpecial).map(\.id))
        func find(_ text: String) -> Int? { known[Array(text.utf8)].flatMap { special.contains($0) ? $0 : nil } }
        let (before, after) = description.template ?? ([], [])
        beginToken = before.first ?? find("<s>")
        endToken = after.last ?? find("</s>")
        (addsBeginToken, addsEndToken) = (!before.isEmpty, !after.isEmpty)
        if before.count <= 1, after.count <= 1 { dropTemplate() }
    }

    /// Leaves the special tokens to the two flags.
    mutating func dropTemplate() {
        guard let document = try? JSON(parsing: pipeline) else { return }
        pipeline = Self.replacing("post_processor", in: document, by: .null).serialized()
    }

    /// Whether special tokens are a template's and not the two flags'.
    var hasTemplate: Bool { (try? JSON(parsing: pipeline))?["post_processor"]?.isNull == false }

    private static func replacing(_ key: String, in document: JSON, by value: JSON) -> JSON {
        let key = Array(key.utf8)
        return .object((document.object ?? []).filter { $0.key != key } + [JSON.Member(key: key, value: value)])
    }
}
