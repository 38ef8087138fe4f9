import Glibc

/// Bytes of the longest tokenizer file that is read; the largest vocabularies take a tenth of it.
private let longestFile = 512 << 20

/// Bytes of the longest chat template that is read; published ones have some thousand.
private let longestTemplate = 1 << 20

extension Tokenizer {
    /// Loads a model directory's tokenizer: `tokenizer.json`, or else `tokenizer.model`; `tokenizer_config.json` may name the begin
    /// and end tokens and say whether they are added, and hold the chat template unless `chat_template.jinja` does;
    /// `generation_config.json` may name more end tokens.
    ///
    /// - Throws: ``FileError`` naming the file and what in it cannot be used.
    public static func load(directory: String) throws -> Tokenizer {
        let names = ["tokenizer.json", "tokenizer.model"]
        guard let name = names.first(where: { access("\(directory)/\($0)", F_OK) == 0 }) else {
            throw FileError(directory, "it holds neither \(names[0]) nor \(names[1])")
        }
        let path = "\(directory)/\(name)"
        var vocabulary = try vocabulary(file: path)
        let configuration = "\(directory)/tokenizer_config.json"
        if access(configuration, F_OK) == 0 { try vocabulary.apply(configuration: configuration) }
        let template = "\(directory)/chat_template.jinja"
        if access(template, F_OK) == 0 {
            vocabulary.chatTemplate = try InputFile.contents(of: template, limit: longestTemplate)
        }
        let generation = "\(directory)/generation_config.json"
        if access(generation, F_OK) == 0 { try vocabulary.apply(generation: generation) }
        return try Tokenizer(vocabulary: vocabulary, path: path)
    }

    /// Loads one file: a `tokenizer.json` where the name ends in `.json`, a SentencePiece model otherwise.
    ///
    /// - Throws: ``FileError`` naming the file and what in it cannot be used.
    public static func load(file path: String) throws -> Tokenizer {
        try Tokenizer(vocabulary: vocabulary(file: path), path: path)
    }

    private static func vocabulary(file path: String) throws -> TokenizerVocabulary {
        let bytes = try InputFile.contents(of: path, limit: longestFile)
        if path.hasSuffix(".json") { return try TokenizerVocabulary(tokenizerJSON: bytes, path: path) }
        return try TokenizerVocabulary(sentencePiece: bytes, path: path)
    }
}

extension TokenizerVocabulary {
    /// Takes the special tokens from a `tokenizer_config.json`, as Hugging Face's tokenizer classes do.
    mutating func apply(configuration path: String) throws {
        let document: JSON
        do { document = try JSON(parsing: InputFile.contents(of: path, limit: longestFile)) } catch let error as JSON.SyntaxError
        {
            throw FileError(path, "\(error)")
        }
        let fields = try JSONFields(document, path: path, place: "")
        let begin = try token("bos_token", fields)
        let end = try token("eos_token", fields)
        let addsBegin = try fields["add_bos_token"].flatMap { try $0.isNull ? nil : fields.flag("add_bos_token") }
        let addsEnd = try fields["add_eos_token"].flatMap { try $0.isNull ? nil : fields.flag("add_eos_token") }
        if hasTemplate, addsBegin == nil, addsEnd == nil {
            // A template of its own stays as it is; the names still tell the tokens.
        } else if !pipeline.isEmpty, addsBegin == nil, begin != nil, begin != beginToken, addsBeginToken {
            throw fields.error("bos_token", "it is not the token that tokenizer.json puts in front")
        } else {
            if !pipeline.isEmpty { dropTemplate() }
            addsBeginToken = addsBegin ?? addsBeginToken
            addsEndToken = addsEnd ?? addsEndToken
        }
        for member in fields["added_tokens_decoder"]?.object ?? [] {
            guard let id = Int(String(decoding: member.key, as: UTF8.self)), let text = member.value["content"]?.stringBytes,
                tokens.indices.contains(id), tokens[id] == text
            else {
                let key = String(decoding: member.key.prefix(64), as: UTF8.self)
                throw fields.error(
                    "added_tokens_decoder.\(key)", "not a token of the tokenizer's own file, which is not supported")
            }
        }
        beginToken = begin ?? beginToken
        endToken = end ?? endToken
        chatTemplate = try Self.chatTemplate(fields)
    }

    /// One template, or several with names, of which "default" is for conversations; empty where there is none.
    private static func chatTemplate(_ fields: JSONFields) throws -> [UInt8] {
        let key = "chat_template"
        guard let value = fields[key], !value.isNull else { return [] }
        var text = value.stringBytes
        if let named = value.array {
            text = (named.first { $0["name"]?.string == "default" } ?? named.first)?["template"]?.stringBytes
        }
        guard let text else { throw fields.error(key, "neither a string nor a list of named templates") }
        guard text.count <= longestTemplate else { throw fields.error(key, "longer than \(longestTemplate) bytes") }
        return text
    }

    /// Takes the tokens that end an answer from a `generation_config.json`; those out of range are left out, for a model's table of
    /// tokens may be longer than the tokenizer's.
    mutating func apply(generation path: String) throws {
        let document: JSON
        do { document = try JSON(parsing: InputFile.contents(of: path, limit: longestTemplate)) } catch let error
            as JSON.SyntaxError
        {
            throw FileError(path, "\(error)")
        }
        let value = document["eos_token_id"] ?? .null
        let ids = (value.array ?? [value]).prefix(16).compactMap(\.int).filter(tokens.indices.contains)
        if endToken == nil { endToken = ids.first }
        turnEndTokens = ids.filter { $0 != endToken }
    }

    /// The id of a token that the configuration names, as a string or as an object with its content.
    private func token(_ key: String, _ fields: JSONFields) throws -> Int? {
        guard let value = fields[key], !value.isNull else { return nil }
        guard let text = value.stringBytes ?? value["content"]?.stringBytes else { throw fields.error(key, "not a token") }
        guard let id = tokens.firstIndex(of: text) else {
            throw fields.error(key, "the vocabulary lacks \"\(String(decoding: text.prefix(64), as: UTF8.self))\"")
        }
        return id
    }
}
