import TernaryCore

extension Checkpoint {
    /// Whether there is a tokenizer; a model without one still turns token ids into logits.
    public var hasTokenizer: Bool {
        switch storage {
        case .huggingFace: ["tokenizer.json", "tokenizer.model"].contains { PathKind("\(path)/\($0)") != .nothing }
        case .gguf(let file):
            file.metadata["tokenizer.ggml.model"].map { $0 != .text(TransformerGGUF.noVocabulary) } ?? false
        }
    }

    /// What the files say that the model is: GGUF's `general.architecture`, or the `model_type` of a `config.json`.
    public var architecture: String? {
        switch storage {
        case .huggingFace:
            (try? InputFile.contents(of: "\(path)/config.json", limit: 1 << 24)).flatMap { try? JSON(parsing: $0) }?[
                "model_type"]?
                .string
        case .gguf(let file):
            if case .string(let name)? = file.metadata["general.architecture"] {
                String(decoding: name, as: UTF8.self)
            } else {
                nil
            }
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
