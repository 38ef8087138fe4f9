import TernaryCore

extension Checkpoint {
    /// Whether there is a tokenizer; a model without one still turns token ids into logits.
    public var hasTokenizer: Bool {
        switch storage {
        case .huggingFace: ["tokenizer.json", "tokenizer.model"].contains { PathKind("\(path)/\($0)") != .nothing }
        case .gguf(let file): file.metadata["tokenizer.ggml.model"] != nil
        }
    }

    /// Reads the model's tokenizer.
    ///
    /// - Throws: `FileError`, also where there is none, or where it has tokens that the model has not.
    public func tokenizer() throws -> Tokenizer {
        let tokenizer: Tokenizer
        switch storage {
        case .huggingFace: tokenizer = try Tokenizer.load(directory: path)
        case .gguf(let file):
            guard let vocabulary = try TokenizerVocabulary(file.metadata, path: path) else {
                throw FileError(path, "holds no tokenizer")
            }
            tokenizer = try Tokenizer(vocabulary: vocabulary, path: path)
        }
        guard tokenizer.count <= configuration.vocabularySize else {
            throw FileError(
                path, at: "tokenizer", "has \(tokenizer.count) tokens and the model only \(configuration.vocabularySize)")
        }
        return tokenizer
    }
}
