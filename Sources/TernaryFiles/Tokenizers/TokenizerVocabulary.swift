/// Everything that defines a tokenizer, as plain values: what GGUF metadata hold, and the settings they have no words for.
///
/// ``Tokenizer`` is built from this alone, whatever file it came from, so a model converted to GGUF tokenises as its source does.
public struct TokenizerVocabulary: Sendable, Equatable {
    /// How text becomes pieces; the raw value is GGUF's `tokenizer.ggml.model`.
    public enum Algorithm: String, Sendable {
        /// Byte-pair encoding: SentencePiece's, or that of a `tokenizer.json` where ``pipeline`` is set.
        case bytePair = "llama"
        /// SentencePiece's unigram model.
        case unigram = "t5"
        /// Byte-pair encoding over bytes, as GPT-2 does it; always with a ``pipeline``.
        case byteLevel = "gpt2"
    }

    /// What a token is; SentencePiece's numbers, which GGUF's `tokenizer.ggml.token_type` shares.
    public enum TokenType: Int32, Sendable {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    /// How text becomes pieces.
    public var algorithm = Algorithm.bytePair
    /// The tokens' UTF-8, by id (`tokenizer.ggml.tokens`).
    public var tokens: [[UInt8]] = []
    /// One score a token, larger is better (`.scores`).
    public var scores: [Float] = []
    /// One ``TokenType`` a token (`.token_type`).
    public var types: [Int32] = []
    /// For a ``pipeline``: "left right", best first (`.merges`).
    public var merges: [[UInt8]] = []
    /// The token that starts a text (`.bos_token_id`).
    public var beginToken: Int?
    /// The token that ends a text (`.eos_token_id`).
    public var endToken: Int?
    /// The token for text that no other covers (`.unknown_token_id`).
    public var unknownToken: Int?
    /// Whether special tokens include ``beginToken`` before the text (`.add_bos_token`).
    public var addsBeginToken = true
    /// Whether special tokens include ``endToken`` after the text (`.add_eos_token`).
    public var addsEndToken = false
    /// Whether a space is put before the text (`.add_space_prefix`).
    public var addsSpacePrefix = true
    /// Whether runs of spaces become one and those at both ends go (`.remove_extra_whitespaces`).
    public var removesExtraWhitespaces = false
    /// Whether pieces spell a space as U+2581.
    public var escapesWhitespaces = true
    /// Whether the space of ``addsSpacePrefix`` goes behind the text.
    public var treatsWhitespaceAsSuffix = false
    /// SentencePiece's compiled normalisation, empty for none (`.precompiled_charsmap`).
    public var precompiledCharsmap: [UInt8] = []
    /// What the unknown token decodes to.
    public var unknownSurface: [UInt8] = Array(" \u{2047} ".utf8)
    /// The JSON of a `tokenizer.json` without its vocabulary and merges; empty for SentencePiece.
    public var pipeline: [UInt8] = []

    /// The Jinja template that makes a conversation a text, empty for none (`tokenizer.chat_template`).
    public var chatTemplate: [UInt8] = []
    /// Tokens beside ``endToken`` at which an answer ends (`.eot_token_id`, or the end tokens of a `generation_config.json`).
    public var turnEndTokens: [Int] = []
    /// What the file said wrong or left out and was put right, one line each.
    public var notices: [String] = []

    /// A vocabulary without tokens, to be filled.
    public init() {}

    /// No token may be longer than this, bytes; the longest of known models are runs of some hundred spaces.
    static let longestToken = 4096

    /// Checks what every tokenizer relies on: matching counts, ids in range, finite scores, tokens that are UTF-8.
    func validate(_ path: String) throws {
        guard !tokens.isEmpty else { throw FileError(path, "a tokenizer without tokens") }
        guard tokens.count <= 1 << 24 else { throw FileError(path, "\(tokens.count) tokens; at most \(1 << 24)") }
        guard scores.count == tokens.count else {
            throw FileError(path, at: "scores", "\(scores.count) for \(tokens.count) tokens")
        }
        guard types.count == tokens.count else { throw FileError(path, at: "types", "\(types.count) for \(tokens.count) tokens") }
        for (id, token) in tokens.enumerated() {
            let place = "token \(id)"
            guard !token.isEmpty else { throw FileError(path, at: place, "it is empty") }
            guard token.count <= Self.longestToken else {
                throw FileError(path, at: place, "\(token.count) bytes long; at most \(Self.longestToken)")
            }
            guard UTF8Text.isValid(token) else { throw FileError(path, at: place, "its text is not UTF-8") }
            guard scores[id].isFinite else { throw FileError(path, at: place, "its score is not finite") }
            guard TokenType(rawValue: types[id]) != nil else { throw FileError(path, at: place, "unknown type \(types[id])") }
        }
        guard unknownSurface.count <= Self.longestToken, UTF8Text.isValid(unknownSurface) else {
            throw FileError(path, at: "unknown surface", "not UTF-8, or longer than \(Self.longestToken) bytes")
        }
        for (name, id) in [("begin", beginToken), ("end", endToken), ("unknown", unknownToken)] {
            if let id, !tokens.indices.contains(id) {
                throw FileError(path, at: "\(name) token", "id \(id) is outside the \(tokens.count) tokens")
            }
        }
        for id in turnEndTokens where !tokens.indices.contains(id) {
            throw FileError(path, at: "end-of-turn token", "id \(id) is outside the \(tokens.count) tokens")
        }
        guard UTF8Text.isValid(chatTemplate) else { throw FileError(path, at: "chat template", "its text is not UTF-8") }
        if addsBeginToken, beginToken == nil { throw FileError(path, at: "begin token", "it is to be added, but there is none") }
        if addsEndToken, endToken == nil { throw FileError(path, at: "end token", "it is to be added, but there is none") }
    }

    /// The byte that a piece of the form `<0x0A>` stands for, or nil.
    static func byte(_ piece: some Collection<UInt8>) -> UInt8? {
        let text = Array(piece)
        guard text.count == 6, text.starts(with: Array("<0x".utf8)), text[5] == UInt8(ascii: ">") else { return nil }
        guard text[3...4].allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x46).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        return UInt8(String(decoding: text[3...4], as: UTF8.self), radix: 16)
    }

    /// The piece that stands for a byte: `<0x0A>`.
    static func piece(of byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)], UInt8(ascii: ">")]
    }
}
