import Testing

@testable import TernaryFiles

@Suite("Tokenizer")
struct TokenizerTests {
    private func fixture(_ name: String) throws -> Tokenizer { try Tokenizer.load(file: "\(ReferenceCases.folder)/\(name)") }

    @Test(
        "a long run is encoded in about linear time",
        arguments: ["bpe-bytes.model", "llama.json", "unigram-bytes.model", "byte-llama3.json"])
    func isNearLinear(name: String) throws {
        let tokenizer = try fixture(name)
        for byte in [UInt8(ascii: "a"), UInt8(ascii: " ")] {
            let text = [UInt8](repeating: byte, count: 1 << 17)
            let start = ContinuousClock.now
            let tokens = tokenizer.encode(text, addSpecialTokens: false)
            #expect(tokenizer.decode(tokens) == text)
            // Quadratic time would be hours; this takes about a second, unoptimised.
            #expect(ContinuousClock.now - start < .seconds(60))
        }
    }

    @Test("a stream gives a character with the token that completes it, and none before")
    func streamsWholeCharacters() throws {
        let tokenizer = try fixture("bpe-bytes.model")
        var decoder = StreamingDecoder(tokenizer)
        let bytes = Array("🙂é".utf8).map { Int($0) + 3 }  // byte pieces start at id 3
        #expect(bytes.map { decoder.append($0) } == ["", "", "", "🙂", "", "é"])
        #expect(decoder.finish() == "")
        // A beginning that cannot continue is given up at once, and an end in the middle at the end.
        #expect([0xF0, 0x41, 0xE2, 0x96].map { decoder.append($0 + 3) } == ["", "\u{FFFD}A", "", ""])
        #expect(decoder.finish() == "\u{FFFD}\u{FFFD}")
    }

    @Test(
        "a stream after a prompt continues it",
        arguments: ["bpe-bytes.model", "llama.json", "mistral.json", "unigram-bytes.model", "byte-llama3.json"])
    func continuesPrompt(name: String) throws {
        let tokenizer = try fixture(name)
        let prompt = tokenizer.encode("A cat", addSpecialTokens: true).filter { $0 != tokenizer.endToken }
        let more = tokenizer.encode(" word", addSpecialTokens: false)
        var decoder = StreamingDecoder(tokenizer, after: prompt)
        let text = more.map { decoder.append($0) }.joined() + decoder.finish()
        #expect(text.hasPrefix(" "))
        #expect(Array("A cat\(text)".utf8) == tokenizer.decode(prompt + more))
        // After nothing but the begin token, the text starts here.
        var fresh = StreamingDecoder(tokenizer, after: [1])
        let whole = tokenizer.encode("A cat", addSpecialTokens: false)
        #expect(whole.map { fresh.append($0) }.joined() + fresh.finish() == "A cat")
    }

    @Test("special tokens read as text where they are not left out")
    func showsSpecialTokens() throws {
        for name in ["bpe-bytes.model", "llama.json"] {
            let tokenizer = try fixture(name)
            let tokens = tokenizer.encode("A cat.", addSpecialTokens: true)
            #expect(tokens.first == tokenizer.beginToken)
            #expect(tokenizer.decode(tokens) == Array("A cat.".utf8))
            #expect(String(decoding: tokenizer.decode(tokens, skipSpecialTokens: false), as: UTF8.self).hasPrefix("<s>"))
        }
    }

    @Test("ids outside the vocabulary decode to nothing")
    func ignoresUnknownIds() throws {
        let tokenizer = try fixture("llama.json")
        #expect(tokenizer.decode([-1, tokenizer.count, .max, .min]) == [])
    }

    @Test("both files of a model directory tokenise alike, and so do plain arrays of either", .enabled(if: SharedFiles.isPresent))
    func storiesFilesAgree() throws {
        let folder = "\(SharedFiles.folder)/models/stories"
        let json = try Tokenizer.load(directory: folder)
        let model = try Tokenizer.load(file: "\(folder)/tokenizer.model")
        #expect(json.count == model.count && json.beginToken == 1 && json.endToken == 2 && json.unknownToken == 0)
        #expect(model.beginToken == 1 && model.endToken == 2 && model.unknownToken == 0)
        let copies = try [json, model].map { try Tokenizer(vocabulary: $0.vocabulary) }
        for (text, _, _) in ReferenceCases.own.flatMap(\.encoding) where !String(decoding: text, as: UTF8.self).contains("<") {
            let tokens = model.encode(text, addSpecialTokens: true)
            #expect(json.encode(text, addSpecialTokens: true) == tokens)
            #expect(json.decode(tokens) == model.decode(tokens))
            for copy in copies { #expect(copy.encode(text, addSpecialTokens: true) == tokens) }
        }
    }

    @Test(
        "gives the recorded ids of the shared models", .enabled(if: SharedFiles.isPresent),
        arguments: ["mistral-7b-v0.1", "story-4096", "story-8192"])
    func sharedCases(name: String) throws {
        let folder = "\(SharedFiles.folder)/data/tokenizers"
        let tokenizer = try Tokenizer.load(file: "\(folder)/\(name).model")
        let again = try Tokenizer(vocabulary: tokenizer.vocabulary)
        let cases = try #require(
            JSON(parsing: InputFile.contents(of: "\(folder)/\(name).cases.json", limit: 1 << 30))["cases"]?.array)
        #expect(cases.count > 50)
        for entry in cases {
            let text = try #require(entry["text"]?.stringBytes)
            let tokens = entry["ids"]?.array?.compactMap(\.int)
            #expect(tokenizer.encode(text, addSpecialTokens: false) == tokens)
            #expect(again.encode(text, addSpecialTokens: false) == tokens)
            #expect(tokenizer.decode(tokens ?? []) == entry["decoded"]?.stringBytes)
        }
    }
}

/// Data beside the checkout, which is no part of it.
enum SharedFiles {
    static let folder = "\(ReferenceCases.package)/../shared"
    static let isPresent: Bool = {
        if (try? InputFile.contents(of: "\(folder)/data/tokenizers/README.md", limit: 1 << 30)) != nil { return true }
        print("skipping tests of the shared tokenizers: \(folder) is not there")
        return false
    }()
}
