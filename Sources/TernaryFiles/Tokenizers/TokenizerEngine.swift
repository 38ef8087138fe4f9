/// How one family of tokenizers encodes, and what its tokens read as.
protocol TokenizerEngine: Sendable {
    /// The text's tokens, no special ones added. Invalid UTF-8 reads as one U+FFFD a byte.
    func encode(_ text: [UInt8]) -> [Int]

    /// The bytes that a token spells, where a character may be spread over several tokens.
    func bytes(of token: Int) -> [UInt8]?

    /// Whether the beginning of a character that never ends reads as one U+FFFD, and not as one a byte.
    var joinsUnfinishedBytes: Bool { get }

    /// What a token that is no byte adds to the text, given what came before it.
    func surface(of token: Int, after state: inout DecodingState) -> [UInt8]

    /// Whether decoding may leave the token out.
    func isSpecial(_ token: Int) -> Bool

    /// Whether a token left out ends a character that byte tokens before it began: the two libraries disagree.
    var leftOutTokensEndCharacters: Bool { get }

    /// Characters dropped from the start of the decoded text while they match: one character's UTF-8, and at most how often.
    var leadingStrip: (character: [UInt8], count: Int)? { get }

    /// Tokens put before and after the text where special tokens are asked for.
    var specialTokens: (before: [Int], after: [Int]) { get }
}

/// What decoding a token may depend on.
struct DecodingState: Sendable {
    /// Whether a token has been decoded before, left-out ones aside.
    var isFirst = true
    /// Whether there is no text yet.
    var isEmpty = true
    /// Whether SentencePiece's dummy prefix has been dropped.
    var droppedPrefix = false
}
