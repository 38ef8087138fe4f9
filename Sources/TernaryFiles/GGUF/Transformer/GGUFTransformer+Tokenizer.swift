extension GGUFTransformer {
    /// Everything that the file says about its tokenizer, put right where it is known to be wrong, for a file that takes it over.
    func tokenizerMetadata() throws -> [(key: String, value: GGUFValue)] {
        var metadata = file.metadata.filter { $0.key.hasPrefix("tokenizer.") || $0.key.hasPrefix("vkternary.tokenizer.") }
        if Self.hasKnownBadChatTemplate(file) { metadata["tokenizer.chat_template"] = nil }
        if metadata["tokenizer.ggml.model"] == .text("gpt2") && metadata["tokenizer.ggml.pre"] == nil
            && configuration.vocabularySize == Self.llama3Vocabulary
        {
            metadata["tokenizer.ggml.pre"] = .text("llama-bpe")
        }
        for (key, value) in metadata {
            if case .otherArray(let type, _) = value {
                throw FileError(file.path, at: key.forMessage, "is an array of type \(type), which is not carried over")
            }
        }
        return metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
