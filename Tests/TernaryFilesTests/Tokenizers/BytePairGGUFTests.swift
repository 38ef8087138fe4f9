import Testing

@testable import TernaryFiles

@Suite("Byte-level vocabularies in GGUF metadata")
struct BytePairGGUFTests {
    /// Files that are not the repository's, which is then all there is to test.
    private static let shared = "\(ReferenceCases.package)/../shared/data/tokenizers"
    static let isPresent = (try? InputFile("\(shared)/gpt-2.vocab.gguf")) != nil
    static let reason: Comment = "needs the vocabularies in ../shared/data/tokenizers"

    private static func lines(_ name: String) throws -> [String] {
        String(decoding: try InputFile.contents(of: "\(shared)/\(name)", limit: 1 << 24), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test(
        "a vocabulary of llama.cpp's gives the ids that llama.cpp expects", .enabled(if: isPresent, reason),
        arguments: [("gpt-2", "gpt2"), ("phi-3", "phi3")])
    func expectedTokens(name: String, architecture: String) throws {
        let path = "\(Self.shared)/\(name).vocab.gguf"
        let file = try GGUFFile(InputFile(path), architectures: [architecture])
        let tokenizer = try Tokenizer(vocabulary: #require(try TokenizerVocabulary(file.metadata, path: path)), path: path)
        let texts = try Self.lines("ggml-cases.txt").split(separator: "__ggml_vocab_test__", omittingEmptySubsequences: false).map
        {
            $0.joined(separator: "\n")
        }
        let expected = try Self.lines("\(name).expected.txt").map { $0.split(separator: " ").compactMap { Int($0) } }
        #expect(texts.count >= 46)
        for (text, tokens) in zip(texts, expected) {
            #expect(tokenizer.encode(text, addSpecialTokens: false) == tokens, "\(text.debugDescription)")
            #expect(tokenizer.decode(tokens) == Array(text.utf8))
        }
    }

    /// What GGUF files of other makers hold of a `tokenizer.json`.
    private func metadata(_ name: String, pre: String?) throws -> [String: GGUFValue] {
        let vocabulary = try Tokenizer.load(file: "\(ReferenceCases.folder)/\(name).json").vocabulary
        let prefix = "tokenizer.ggml."
        var metadata: [String: GGUFValue] = [
            "\(prefix)model": .text("gpt2"), "\(prefix)tokens": .strings(vocabulary.tokens),
            "\(prefix)merges": .strings(vocabulary.merges), "\(prefix)token_type": .integers(vocabulary.types),
        ]
        if let pre { metadata["\(prefix)pre"] = .text(pre) }
        if let begin = vocabulary.beginToken { metadata["\(prefix)bos_token_id"] = .uint32(UInt32(begin)) }
        return metadata
    }

    @Test(
        "the name of the pre-tokenizer is enough",
        arguments: [
            ("byte-gpt2", "gpt-2"), ("byte-llama3", "llama-bpe"), ("byte-llama3", "falcon_e"), ("byte-qwen2", "qwen2"),
            ("byte-gpt2", nil),
        ])
    func named(name: String, pre: String?) throws {
        let vocabulary = try #require(try TokenizerVocabulary(metadata(name, pre: pre), path: "t"))
        let tokenizer = try Tokenizer(vocabulary: vocabulary, path: "t")
        let cases = try #require(ReferenceCases.own.first { $0.name == "\(name).json" })
        for (text, tokens, decoded) in cases.encoding {
            #expect(
                tokenizer.encode(text, addSpecialTokens: false) == tokens,
                "\(String(decoding: text, as: UTF8.self).debugDescription)")
            #expect(tokenizer.decode(tokens) == decoded)
        }
        #expect(tokenizer.encode("A cat.", addSpecialTokens: true) == cases.special)
        #expect(vocabulary.notices.count == (pre == nil ? 1 : 0))
    }

    @Test("what is written is read again, with a name that other readers know")
    func written() throws {
        for (name, pre) in [("byte-gpt2", "gpt-2"), ("byte-llama3", "llama-bpe"), ("byte-falcon", nil)] {
            let vocabulary = try Tokenizer.load(file: "\(ReferenceCases.folder)/\(name).json").vocabulary
            let metadata = Dictionary(uniqueKeysWithValues: vocabulary.metadata.map { ($0.key, $0.value) })
            #expect(metadata["tokenizer.ggml.pre"] == pre.map { .text($0) })
            #expect(metadata["tokenizer.ggml.scores"] == nil)
            #expect(try TokenizerVocabulary(metadata, path: "t") == vocabulary)
        }
    }

    @Test("128,256 tokens without a pre-tokenizer's name are LLaMA-3's")
    func missingName() throws {
        var metadata = try metadata("byte-llama3", pre: nil)
        guard case .strings(let tokens)? = metadata["tokenizer.ggml.tokens"] else { return }
        let padding = (tokens.count..<128_256).map { Array("[PAD\($0)]".utf8) }
        metadata["tokenizer.ggml.tokens"] = .strings(tokens + padding)
        metadata["tokenizer.ggml.token_type"] = nil
        let vocabulary = try #require(try TokenizerVocabulary(metadata, path: "t"))
        #expect(
            vocabulary.notices == ["t: the file does not name its pre-tokenizer; with 128256 tokens it is taken for llama-bpe's"])
        #expect(vocabulary.addsBeginToken)
        let tokenizer = try Tokenizer(vocabulary: vocabulary, path: "t")
        #expect(tokenizer.encode("1234567", addSpecialTokens: false).map { tokenizer.piece($0).count } == [3, 3, 1])
    }

    @Test("an unknown name is refused")
    func unknownName() throws {
        let metadata = try metadata("byte-gpt2", pre: "tekken")
        #expect(throws: FileError("t", at: "tokenizer.ggml.pre", "\"tekken\" is not a pre-tokenizer that is known here")) {
            try TokenizerVocabulary(metadata, path: "t")
        }
    }

    @Test("the project's own byte-level vocabulary gives the reference's ids", .enabled(if: isPresent, reason))
    func ownVocabulary() throws {
        let tokenizer = try Tokenizer.load(file: "\(Self.shared)/bytebpe-4096.tokenizer.json")
        let file = try InputFile.contents(of: "\(Self.shared)/bytebpe-4096.cases.json", limit: 1 << 20)
        let cases = try #require(try JSON(parsing: file)["cases"]?.array)
        #expect(cases.count > 50)
        for value in cases {
            let text = try #require(value["text"]?.stringBytes)
            let ids = (value["ids"]?.array ?? []).compactMap(\.int)
            #expect(tokenizer.encode(text, addSpecialTokens: false) == ids)
            #expect(tokenizer.decode(ids) == value["decoded"]?.stringBytes)
        }
    }
}
