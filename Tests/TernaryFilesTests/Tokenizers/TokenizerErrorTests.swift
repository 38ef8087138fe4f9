import Glibc
import Testing

@testable import TernaryFiles

@Suite("Tokenizer files that cannot be used")
struct TokenizerErrorTests {
    private static let llama = (try? InputFile.contents(of: "\(ReferenceCases.folder)/llama.json", limit: 1 << 30)) ?? []
    private static let bytePair = (try? InputFile.contents(of: "\(ReferenceCases.folder)/bpe-bytes.model", limit: 1 << 30)) ?? []

    /// What loading says, or nil where it succeeds.
    private func complaint(_ load: () throws -> TokenizerVocabulary) throws -> String? {
        do {
            _ = try Tokenizer(vocabulary: load(), path: "t")
            return nil
        } catch let error as FileError { return error.description }
    }

    /// The llama fixture with one stretch of its text replaced.
    private func edited(_ old: String, _ new: String) throws -> String? {
        let text = UTF8Text.replacing(Array(old.utf8), with: Array(new.utf8), in: Self.llama)
        try #require(text != Self.llama, "\(old) is not in the fixture")
        return try complaint { try TokenizerVocabulary(tokenizerJSON: text, path: "t") }
    }

    @Test(
        "a setting that is not supported is refused by its key",
        arguments: [
            (
                #""pre_tokenizer":null"#,
                #""pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"ByteLevel"}]}"#,
                "t: pre_tokenizer: more than one ByteLevel step"
            ),
            (#""version":"1.0""#, #""version":"2.0""#, "t: version: "),
            (#""version":"1.0""#, #""version":"1.0","extra":1"#, "t: extra: this setting is not supported"),
            (#"{"type":"Prepend","prepend":"▁"}"#, #"{"type":"NFKC"}"#, "t: normalizer.normalizers[0].type: \"NFKC\""),
            (#""pattern":{"String":" "}"#, #""pattern":{"Regex":" +"}"#, "t: normalizer.normalizers[1].pattern: Regex"),
            (
                #""pre_tokenizer":null"#, #""pre_tokenizer":{"type":"BertPreTokenizer"}"#,
                "t: pre_tokenizer.type: \"BertPreTokenizer\" is not supported"
            ),
            (
                #""pre_tokenizer":null"#,
                #""pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a|b)*c"},"behavior":"Isolated"}"#,
                "t: pre_tokenizer.pattern: the regular expression \"(a|b)*c\" is none of those"
            ),
            (#""type":"TemplateProcessing""#, #""type":"BertProcessing""#, "t: post_processor.type: \"BertProcessing\""),
            (#"{"type":"ByteFallback"}"#, #"{"type":"CTC"}"#, "t: decoder.decoders[1].type: \"CTC\""),
            (#""start":1,"stop":0"#, #""start":1,"stop":1"#, "t: decoder.decoders[3].stop: only 0"),
            (#""dropout":null"#, #""dropout":0.1"#, "t: model.dropout: "),
            (#""type":"BPE""#, #""type":"WordPiece""#, "t: model.type: only \"BPE\""),
            (#""end_of_word_suffix":null"#, #""end_of_word_suffix":"</w>""#, "t: model.end_of_word_suffix: not supported"),
            (
                #""ignore_merges":false"#, #""ignore_merges":false,"surprise":true"#,
                "t: model.surprise: this setting is not supported"
            ),
        ])
    func refusesSettings(old: String, new: String, expected: String) throws {
        let complaint = try edited(old, new)
        #expect(complaint?.hasPrefix(expected) == true, "\(complaint ?? "accepted")")
    }

    @Test("settings that the library sets anew when it loads a model are left aside")
    func leavesTruncation() throws {
        #expect(try edited(#""truncation":null"#, #""truncation":{"max_length":5}"#) == nil)
        #expect(try edited(#""padding":null"#, #""padding":{"strategy":"BatchLongest"}"#) == nil)
    }

    @Test(
        "contradictions in a tokenizer.json are found",
        arguments: [
            (#"{"id":2,"content":"</s>""#, #"{"id":9,"content":"</s>""#, "added_tokens: \"</s>\" has id 9"),
            (#"{"id":2,"content":"</s>""#, #"{"id":99999,"content":"<x>""#, "added_tokens: \"<x>\" has id 99999"),
            (#"{"id":2,"content":"</s>""#, #"{"id":2,"content":"""#, "added_tokens[2].content: 0 bytes"),
            (#""<s>":1,"#, #""<s>":2,"#, "the id of \"</s>\" is taken"),
            (#""<s>":1,"#, #""<s>":1e6,"#, "the id of \"<s>\" is taken or not below"),
            (#""<s>":1,"#, #""<s>":-1,"#, "the id of \"<s>\""),
            (#""<s>":1,"#, #""<unk>":1,"#, "added_tokens: \"<s>\" has id 1"),
            (#""merges":["#, #""merges":[["no","such"],"#, "model.merges[0]: the vocabulary lacks \"no\""),
            (#""merges":["#, #""merges":["one","#, "model.merges[0]: not two tokens"),
            (#""merges":["#, #""merges":[7,"#, "model.merges[0]: neither a string"),
            (#""unk_token":"<unk>""#, #""unk_token":"<none>""#, "model.unk_token: the vocabulary lacks it"),
            (#""ids":[1]"#, #""ids":[1,99999]"#, "post_processor: id 99999 is outside"),
            (#""version":"1.0","#, #""version":"1.0",,"#, "invalid JSON at byte"),
            (#""prepend":"▁""#, "\"prepend\":\"\(String(repeating: "▁", count: 999))\"", "normalizer: its steps together"),
        ])
    func findsContradictions(old: String, new: String, expected: String) throws {
        let complaint = try edited(old, new)
        #expect(complaint?.contains(expected) == true, "\(complaint ?? "accepted")")
    }

    @Test("a SentencePiece model cut off anywhere is refused or loads; it never traps")
    func truncatedModel() throws {
        #expect(!Self.bytePair.isEmpty)
        var refused = 0
        for count in 0..<min(Self.bytePair.count, 600) {
            if try complaint({ try TokenizerVocabulary(sentencePiece: Array(Self.bytePair[..<count]), path: "t") }) != nil {
                refused += 1
            }
        }
        // Whole pieces alone do load, as long as no byte piece is among them.
        #expect(refused > 590)
    }

    @Test(
        "malformed SentencePiece models are refused in words",
        arguments: [
            ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], "a field of 4294967295 bytes where 0 are left"),
            ([0x0A, 0x80], "the file ends inside a number"),
            ([0x0F], "wire type 7"),
            ([0x0A, 0], "token 0: it is empty"),
            ([0x0A, 3, 0x0A, 1, 0xFF], "token 0: its text is not UTF-8"),
            ([0x0A, 8, 0x0A, 1, 0x61, 0x15, 0, 0, 0xC0, 0x7F], "token 0: its score is not finite"),
            ([0x0A, 5, 0x0A, 1, 0x61, 0x18, 9], "token 0: unknown type 9"),
            ([0x0A, 3, 0x0A, 1, 0x61, 0x0A, 3, 0x0A, 1, 0x61], "token 1: \"a\" is there twice"),
            ([0x0A, 3, 0x0A, 1, 0x61], "no token for unknown text"),
            ([0x0A, 3, 0x0A, 1, 0x61, 0x12, 2, 0x18, 3], "trainer_spec.model_type: WORD is not supported"),
            ([0x0A, 5, 0x0A, 1, 0x61, 0x18, 2, 0x1A, 4, 0x12, 2, 1, 2], "precompiled_charsmap: 2 bytes are too few"),
            ([0x0A, 3, 0x0A, 1, 0x61, 0x2A, 3, 0x12, 1, 1], "denormalizer_spec.precompiled_charsmap: not supported"),
            ([], "a tokenizer without tokens"),
        ] as [([UInt8], String)])
    func malformedModels(file: [UInt8], expected: String) throws {
        let complaint = try complaint { try TokenizerVocabulary(sentencePiece: file, path: "t") }
        #expect(complaint?.contains(expected) == true, "\(complaint ?? "accepted")")
    }

    @Test("arrays that disagree are refused")
    func inconsistentArrays() throws {
        let good = try TokenizerVocabulary(sentencePiece: Self.bytePair, path: "t")
        func complaint(_ change: (inout TokenizerVocabulary) -> Void) throws -> String? {
            try self.complaint {
                var vocabulary = good
                change(&vocabulary)
                return vocabulary
            }
        }
        #expect(try complaint { _ in } == nil)
        #expect(try complaint { $0.unknownSurface = [0xE2] }?.hasPrefix("t: unknown surface: ") == true)
        #expect(try complaint { $0.scores.removeLast() }?.hasPrefix("t: scores: ") == true)
        #expect(try complaint { $0.types.removeAll() }?.hasPrefix("t: types: 0 for") == true)
        #expect(try complaint { $0.endToken = 1 << 40 }?.hasPrefix("t: end token: id 1099511627776 is outside") == true)
        #expect(try complaint { $0.beginToken = nil }?.hasPrefix("t: begin token: ") == true)
        #expect(try complaint { $0.types[10] = 1 }?.contains("none for byte 7") == true)
        #expect(try complaint { $0.tokens[300] = [UInt8](repeating: 97, count: 5000) }?.contains("5000 bytes long") == true)
    }

    @Test("a directory's configuration decides about begin and end tokens")
    func configuration() throws {
        var name = Array("/tmp/vkternary-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&name).map { String(cString: $0) })
        defer { for file in ["tokenizer_config.json", "tokenizer.json", ""] { remove("\(folder)/\(file)") } }
        func write(_ file: String, _ bytes: [UInt8]) throws {
            let stream = try #require(fopen("\(folder)/\(file)", "wb"))
            #expect(fwrite(bytes, 1, bytes.count, stream) == bytes.count)
            fclose(stream)
        }
        func special(_ configuration: String) throws -> [Int] {
            try write("tokenizer_config.json", Array(configuration.utf8))
            return try Tokenizer.load(directory: folder).encode("", addSpecialTokens: true)
        }
        #expect(throws: FileError.self) { try Tokenizer.load(directory: folder) }
        try write("tokenizer.json", Self.llama)
        #expect(try special("{}") == [1])
        #expect(try special(#"{"add_bos_token": false, "add_eos_token": true, "eos_token": {"content": "</s>"}}"#) == [2])
        #expect(try special(#"{"add_bos_token": true, "bos_token": "</s>"}"#) == [2])
        #expect(throws: FileError("\(folder)/tokenizer_config.json", at: "eos_token", "the vocabulary lacks \"<eot>\"")) {
            try special(#"{"eos_token": "<eot>"}"#)
        }
        #expect(try special(#"{"added_tokens_decoder": {"1": {"content": "<s>"}}}"#) == [1])
        #expect(throws: FileError.self) { try special(#"{"added_tokens_decoder": {"1": {"content": "<new>"}}}"#) }
        #expect(throws: FileError.self) { try special("{") }
    }
}
