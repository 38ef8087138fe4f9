import Testing

@testable import TernaryFiles

@Suite("Tokenizer against the reference libraries")
struct TokenizerReferenceTests {
    static let all = ReferenceCases.own + ReferenceCases.more

    @Test("encodes awkward text, invalid UTF-8 included, as the reference does", arguments: all)
    func encodes(cases: ReferenceCases) throws {
        let tokenizer = try Tokenizer.load(file: cases.tokenizerPath)
        #expect(!cases.encoding.isEmpty)
        for (text, tokens, _) in cases.encoding {
            let found = tokenizer.encode(text, addSpecialTokens: false)
            #expect(found == tokens, "\(String(decoding: text, as: UTF8.self).debugDescription)")
        }
        #expect(tokenizer.encode("A cat.", addSpecialTokens: true) == cases.special)
    }

    @Test("decodes, whole and token by token, as the reference does", arguments: all)
    func decodes(cases: ReferenceCases) throws {
        let tokenizer = try Tokenizer.load(file: cases.tokenizerPath)
        for (tokens, text) in cases.encoding.map({ ($0.tokens, $0.decoded) }) + cases.decoding {
            #expect(tokenizer.decode(tokens) == text, "\(tokens): \(String(decoding: text, as: UTF8.self).debugDescription)")
            var decoder = StreamingDecoder(tokenizer)
            var streamed = ""
            for token in tokens { streamed += decoder.append(token) }
            streamed += decoder.finish()
            #expect(Array(streamed.utf8) == text, "\(tokens)")
        }
    }

    @Test("is the same once its vocabulary went through plain arrays", arguments: all)
    func survivesExport(cases: ReferenceCases) throws {
        let vocabulary = try Tokenizer.load(file: cases.tokenizerPath).vocabulary
        let tokenizer = try Tokenizer(vocabulary: vocabulary)
        #expect(tokenizer.vocabulary == vocabulary)
        for (text, tokens, decoded) in cases.encoding {
            #expect(tokenizer.encode(text, addSpecialTokens: false) == tokens)
            #expect(tokenizer.decode(tokens) == decoded)
        }
        #expect(tokenizer.encode("A cat.", addSpecialTokens: true) == cases.special)
    }
}
