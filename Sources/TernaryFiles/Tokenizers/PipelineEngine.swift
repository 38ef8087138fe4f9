/// Encodes as the Hugging Face library does with a `tokenizer.json`: byte-level BPE, and BPE with byte fallback.
struct PipelineEngine: TokenizerEngine {
    private let vocabulary: TokenizerVocabulary
    private let description: PipelineDescription
    private let model: MergeModel
    private let plainTokens: AddedTokenSplitter
    private let normalizedTokens: AddedTokenSplitter
    private let special: Set<Int>
    /// Of a vocabulary with byte fallback; empty for others.
    private let bytes: [UInt8?]
    /// The tokens as the decoder sees them: added ones as they are once normalised.
    private let texts: [[UInt8]]

    init(_ vocabulary: TokenizerVocabulary, path: String) throws {
        self.vocabulary = vocabulary
        let json: JSON
        do { json = try JSON(parsing: vocabulary.pipeline) } catch { throw FileError(path, at: "pipeline", "\(error)") }
        description = try PipelineDescription(json, path: path)
        model = try MergeModel(vocabulary, description, path: path)
        var plain: [(text: [UInt8], token: PipelineDescription.AddedToken)] = []
        var normalized = plain
        var seen: Set<[UInt8]> = []
        var special: Set<Int> = []
        var texts = vocabulary.tokens
        for (index, token) in description.addedTokens.enumerated() {
            let place = "added_tokens[\(index)]"
            guard vocabulary.tokens.indices.contains(token.id), vocabulary.tokens[token.id] == token.content else {
                throw FileError(path, at: place, "id \(token.id) is not this token's in the vocabulary")
            }
            if token.isSpecial { special.insert(token.id) }
            let text = token.isNormalized ? description.normalize(token.content) : token.content
            if !token.isSpecial { texts[token.id] = text }
            guard !text.isEmpty else { throw FileError(path, at: place, "nothing is left of it once normalised") }
            guard seen.insert((token.isNormalized ? [1] : [0]) + text).inserted else {
                throw FileError(path, at: place, "another added token has the same text")
            }
            if token.isNormalized { normalized.append((text, token)) } else { plain.append((text, token)) }
        }
        plainTokens = AddedTokenSplitter(plain)
        normalizedTokens = AddedTokenSplitter(normalized)
        self.special = special
        self.texts = texts
        for id in (description.template?.before ?? []) + (description.template?.after ?? [])
        where !vocabulary.tokens.indices.contains(id) {
            throw FileError(path, at: "post_processor", "id \(id) is outside the \(vocabulary.tokens.count) tokens")
        }
        let decoder = description.decoder
        bytes =
            decoder.hasByteFallback
            ? texts.map { TokenizerVocabulary.byte(decoder.surface(of: $0, isFirst: false)) } : []
    }

    func encode(_ text: [UInt8]) -> [Int] {
        let text = UTF8Text.repaired(text)
        var tokens: [Int] = []
        for part in plainTokens.split(text) {
            if let token = part.token {
                tokens.append(token)
                continue
            }
            let normalized = description.normalize(Array(text[part.range]))
            for inner in normalizedTokens.split(normalized) {
                if let token = inner.token {
                    tokens.append(token)
                } else {
                    let startsText = part.range.lowerBound == 0 && inner.range.lowerBound == 0
                    for word in description.words(normalized[inner.range], startsText: startsText) {
                        model.encode(word, into: &tokens)
                    }
                }
            }
        }
        return tokens
    }

    func isSpecial(_ token: Int) -> Bool { special.contains(token) }

    func bytes(of token: Int) -> [UInt8]? {
        if description.decoder.isByteLevel { return ByteAlphabet.bytes(of: texts[token]) }
        return bytes.isEmpty ? nil : bytes[token].map { [$0] }
    }

    // Rust's lossy conversion, which the byte-level decoder uses.
    var joinsUnfinishedBytes: Bool { description.decoder.isByteLevel }

    func surface(of token: Int, after state: inout DecodingState) -> [UInt8] {
        description.decoder.surface(of: texts[token], isFirst: state.isFirst)
    }

    var leftOutTokensEndCharacters: Bool { false }

    var leadingStrip: (character: [UInt8], count: Int)? { description.decoder.leadingStrip }

    var specialTokens: (before: [Int], after: [Int]) { description.template ?? vocabulary.flaggedSpecialTokens }
}

extension PipelineDescription {
    /// Applies the normalizer to well-formed UTF-8.
    func normalize(_ text: [UInt8]) -> [UInt8] { normalizers.reduce(text) { $1.apply($0) } }

    /// Applies the pre-tokenizer: the stretches that merges stay within.
    func words(_ text: ArraySlice<UInt8>, startsText: Bool) -> [ArraySlice<UInt8>] {
        var words = [text]
        for step in preTokenizers {
            var next: [ArraySlice<UInt8>] = []
            next.reserveCapacity(words.count)
            for (index, word) in words.enumerated() { next += step.apply(word, startsText: startsText && index == 0) }
            words = next
        }
        return words
    }
}

extension PipelineDescription.Metaspace {
    /// Spaces as the symbol, one in front where the scheme asks for it, and the stretches that begin with it.
    func apply(_ text: ArraySlice<UInt8>, startsText: Bool) -> [ArraySlice<UInt8>] {
        var spaced = UTF8Text.replacing([UInt8(ascii: " ")], with: replacement, in: Array(text))
        if scheme == .always || (scheme == .first && startsText), !spaced.starts(with: replacement) {
            spaced = replacement + spaced
        }
        guard splits else { return [spaced[...]] }
        var words: [ArraySlice<UInt8>] = []
        var start = 0
        for position in spaced.indices.dropFirst()
        where spaced[position] == replacement[0] && spaced[position...].starts(with: replacement) {
            words.append(spaced[start..<position])
            start = position
        }
        words.append(spaced[start...])
        return words
    }
}
