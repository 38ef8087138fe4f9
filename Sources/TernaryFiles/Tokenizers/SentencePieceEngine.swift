/// Encodes as the SentencePiece library does: byte-pair encoding by score, or the unigram model.
struct SentencePieceEngine: TokenizerEngine {
    let vocabulary: TokenizerVocabulary
    let unknown: Int
    /// Pieces that segmentation may produce: normal, user-defined, unused.
    let pieces: PieceTable
    /// Pieces that it must not: control, unknown, byte.
    let reserved: PieceTable
    /// The ids of the 256 byte pieces, or none.
    let bytes: [Int]
    let userDefined: PrefixSearch
    private let normalizer: SentencePieceNormalizer
    private let unigram: UnigramModel?

    init(_ vocabulary: TokenizerVocabulary, path: String) throws {
        self.vocabulary = vocabulary
        var pieces = PieceTable(capacity: vocabulary.tokens.count)
        var reserved = PieceTable(capacity: vocabulary.tokens.count)
        var unknown = vocabulary.unknownToken
        var bytes = [Int](repeating: -1, count: 256)
        var userDefined: [(text: [UInt8], id: Int)] = []
        for (id, token) in vocabulary.tokens.enumerated() {
            let place = "token \(id)"
            var isNew = true
            switch vocabulary.type(of: id) {
            case .normal, .unused: isNew = pieces.insert(token, id: id)
            case .userDefined:
                isNew = pieces.insert(token, id: id)
                userDefined.append((token, id))
            case .control: isNew = reserved.insert(token, id: id)
            case .unknown:
                isNew = reserved.insert(token, id: id)
                if unknown == nil { unknown = id }
            case .byte:
                isNew = reserved.insert(token, id: id)
                guard let byte = TokenizerVocabulary.byte(token) else { throw FileError(path, at: place, "not a byte piece") }
                bytes[Int(byte)] = id
            }
            guard isNew else {
                throw FileError(path, at: place, "\"\(String(decoding: token, as: UTF8.self))\" is there twice")
            }
        }
        guard let unknown else { throw FileError(path, "no token for unknown text") }
        if let missing = bytes.firstIndex(of: -1) {
            guard bytes.allSatisfy({ $0 < 0 }) else {
                throw FileError(path, "there are byte pieces, but none for byte \(missing)")
            }
            bytes = []
        }
        self.unknown = unknown
        self.pieces = pieces
        self.reserved = reserved
        self.bytes = bytes
        self.userDefined = PrefixSearch(userDefined)
        let map = vocabulary.precompiledCharsmap
        normalizer = SentencePieceNormalizer(
            map: map.isEmpty ? nil : try CharacterMap(map, path: path), protected: self.userDefined,
            addsSpacePrefix: vocabulary.addsSpacePrefix, removesExtraWhitespaces: vocabulary.removesExtraWhitespaces,
            escapesWhitespaces: vocabulary.escapesWhitespaces, treatsWhitespaceAsSuffix: vocabulary.treatsWhitespaceAsSuffix)
        unigram = vocabulary.algorithm == .unigram ? UnigramModel(vocabulary, unknown: unknown) : nil
    }

    /// A stretch of normalised text and its token.
    struct Segment {
        let range: Range<Int>
        let token: Int
    }

    func encode(_ text: [UInt8]) -> [Int] {
        let normalized = normalizer.normalize(text)
        precondition(normalized.count <= Int(Int32.max), "text too long for a tokenizer")
        return normalized.withUnsafeBufferPointer { text in
            let segments = unigram?.segment(text) ?? segmentByScore(text)
            var tokens: [Int] = []
            tokens.reserveCapacity(segments.count)
            var afterUnknown = false
            for segment in segments {
                let isUnknown = segment.token == unknown
                if isUnknown, !bytes.isEmpty {
                    for position in segment.range { tokens.append(bytes[Int(text[position])]) }
                } else if !(isUnknown && afterUnknown) {
                    tokens.append(segment.token)
                }
                afterUnknown = isUnknown
            }
            return tokens
        }
    }

    /// The token of a piece: reserved ones first, as the library looks them up.
    func token(of piece: UnsafeRawBufferPointer) -> Int { reserved.id(of: piece) ?? pieces.id(of: piece) ?? unknown }

    func isSpecial(_ token: Int) -> Bool { vocabulary.type(of: token) == .control }

    var joinsUnfinishedBytes: Bool { false }

    func bytes(of token: Int) -> [UInt8]? {
        vocabulary.type(of: token) == .byte ? TokenizerVocabulary.byte(vocabulary.tokens[token]).map { [$0] } : nil
    }

    func surface(of token: Int, after state: inout DecodingState) -> [UInt8] {
        var piece = vocabulary.tokens[token]
        if token == unknown { return vocabulary.unknownSurface }
        // GGUF files of other makers give added tokens the type of the unknown one.
        if [.control, .unknown].contains(vocabulary.type(of: token)) { return piece }
        if vocabulary.addsSpacePrefix || vocabulary.removesExtraWhitespaces, state.isEmpty, !state.droppedPrefix,
            piece.starts(with: UTF8Text.spaceSymbol)
        {
            piece.removeFirst(UTF8Text.spaceSymbol.count)
            // Where the encoder removes every space in front, so does the decoder.
            state.droppedPrefix = !vocabulary.removesExtraWhitespaces
        }
        return UTF8Text.replacing(UTF8Text.spaceSymbol, with: [UInt8(ascii: " ")], in: piece)
    }

    var leftOutTokensEndCharacters: Bool { true }

    var leadingStrip: (character: [UInt8], count: Int)? { nil }

    var specialTokens: (before: [Int], after: [Int]) { vocabulary.flaggedSpecialTokens }
}

extension TokenizerVocabulary {
    /// The type of a token of a validated vocabulary.
    func type(of token: Int) -> TokenType { TokenType(rawValue: types[token]) ?? .normal }

    /// The special tokens that the two flags ask for.
    var flaggedSpecialTokens: (before: [Int], after: [Int]) {
        (addsBeginToken ? [beginToken].compactMap(\.self) : [], addsEndToken ? [endToken].compactMap(\.self) : [])
    }
}
