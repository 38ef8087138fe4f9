/// Turns text into a model's tokens and back, as the model's own tokenizer files say.
///
/// Reads SentencePiece models (BPE and unigram), and `tokenizer.json` with BPE: byte-level as of GPT-2, LLaMA-3 and Qwen, or with byte
/// fallback as of Mistral; and all of them out of GGUF metadata.
public struct Tokenizer: Sendable {
    /// All that defines this tokenizer; building one from it again gives the same.
    public let vocabulary: TokenizerVocabulary
    let engine: any TokenizerEngine

    /// Builds a tokenizer from plain values.
    ///
    /// - Parameter path: the file to name in errors.
    /// - Throws: ``FileError`` naming what cannot be used.
    public init(vocabulary: TokenizerVocabulary, path: String = "tokenizer") throws {
        try vocabulary.validate(path)
        if vocabulary.pipeline.isEmpty {
            let engine = try SentencePieceEngine(vocabulary, path: path)
            var vocabulary = vocabulary
            vocabulary.unknownToken = engine.unknown
            (self.vocabulary, self.engine) = (vocabulary, engine)
        } else {
            (self.vocabulary, self.engine) = (vocabulary, try PipelineEngine(vocabulary, path: path))
        }
    }

    /// The number of tokens.
    public var count: Int { vocabulary.tokens.count }
    /// The token that starts a text.
    public var beginToken: Int? { vocabulary.beginToken }
    /// The token that ends a text.
    public var endToken: Int? { vocabulary.endToken }
    /// The token that a text begins with where special tokens are asked for; nil where the files ask for none in front.
    public var leadingToken: Int? { engine.specialTokens.before.first }
    /// The token for text that no other covers.
    public var unknownToken: Int? { vocabulary.unknownToken }

    /// The UTF-8 of a token as the vocabulary spells it.
    public func piece(_ token: Int) -> [UInt8] { vocabulary.tokens[token] }

    /// The tokens of a text.
    ///
    /// - Parameters:
    ///   - text: UTF-8; every byte outside well-formed characters reads as one U+FFFD, as SentencePiece has it.
    ///   - addSpecialTokens: whether to put the begin and end tokens around it that the files ask for.
    public func encode(_ text: [UInt8], addSpecialTokens: Bool) -> [Int] {
        let tokens = engine.encode(text)
        if !addSpecialTokens { return tokens }
        let special = engine.specialTokens
        return special.before + tokens + special.after
    }

    /// The tokens of a text.
    public func encode(_ text: String, addSpecialTokens: Bool) -> [Int] {
        encode(Array(text.utf8), addSpecialTokens: addSpecialTokens)
    }

    /// The text of tokens: well-formed UTF-8; byte tokens that form no character give one U+FFFD each.
    ///
    /// Ids outside the vocabulary (a model's output layer may be padded) are left out.
    public func decode(_ tokens: [Int], skipSpecialTokens: Bool = true) -> [UInt8] {
        var decoder = StreamingDecoder(self, skipSpecialTokens: skipSpecialTokens)
        var text: [UInt8] = []
        for token in tokens { decoder.append(token, to: &text) }
        decoder.finish(into: &text)
        return text
    }
}
