import TernaryFiles

extension FuzzTarget {
    /// The JSON parser.
    static let json = FuzzTarget(
        name: "json",
        seeds: {
            [
                Array(#"{"a": [1, -2.5e3, true, false, null, "\u00e9\ud83d\ude00\n"], "b": {"c": {}}}"#.utf8),
                Array("[[[[[[[[]]]]]]]]".utf8),
            ]
        },
        words: ["null", "true", "false", "\\u00e9", "\\ud83d\\ude00", "\"\":", "[", "]", "{", "}", "1e999", "-0.5e-7"],
        body: { _ = try? JSON(parsing: $0) })

    /// SentencePiece models; one that loads must encode and decode.
    static let sentencePiece = FuzzTarget(
        name: "sentencepiece",
        seeds: {
            fixtures(["bpe-bytes", "bpe-rules", "unigram-bytes", "unigram-suffix", "bpe-unused"].map { "\($0).model" }) + [
                tinyModel
            ]
        },
        words: ["\u{2581}", "<unk>", "<s>", "</s>", "<0x41>"],
        body: { file in
            guard let vocabulary = try? TokenizerVocabulary(sentencePiece: file, path: "fuzz") else { return }
            exercise(vocabulary)
        })

    /// `tokenizer.json` files; one that loads must encode and decode.
    static let tokenizerJSON = FuzzTarget(
        name: "tokenizer-json",
        seeds: {
            [Array(tinyJSON.utf8)] + fixtures(["byte-llama3.json", "byte-qwen2.json", "byte-falcon.json", "byte-spaces.json"])
        },
        words: [
            "\"type\":", "\"Sequence\"", "\"Prepend\"", "\"Replace\"", "\"Strip\"", "\"Lowercase\"", "\"Metaspace\"",
            "\"ByteFallback\"",
            "\"ByteLevel\"", "\"Split\"", "\"Digits\"", "\"Regex\":", "\"behavior\":", "\"Isolated\"", "\"MergedWithNext\"",
            "\"NFC\"",
            "\"Fuse\"", "\"normalizers\":", "\"decoders\":", "\"pattern\":", "\"String\":", "\"content\":", "\"prepend_scheme\":",
            "\"always\"", "\"first\"", "\"never\"", "\"lstrip\":", "\"rstrip\":", "\"single_word\":", "\"normalized\":",
            "\"special\":",
            "true", "false", "null", "\u{2581}", "\"merges\":", "\"vocab\":", "\"ignore_merges\":", "\"fuse_unk\":", "\"split\":",
        ],
        body: { file in
            guard let vocabulary = try? TokenizerVocabulary(tokenizerJSON: file, path: "fuzz") else { return }
            exercise(vocabulary)
        })

    /// Any bytes as text to encode, and as tokens to decode.
    static let text = FuzzTarget(
        name: "text",
        seeds: { [Array("Once upon a time  there was <s> e\u{301} \u{1F642}\u{2581}".utf8), [0xE2, 0x96, 0xFF, 0x41]] },
        words: ["\u{2581}", "  ", "<sep>", "foo bar", "word", "\u{1F642}", "<end>"],
        body: { text in
            for tokenizer in loaded { check(tokenizer, text) }
        })

    private static let loaded: [Tokenizer] = [
        "bpe-bytes.model", "bpe-rules.model", "bpe-unused.model", "unigram-bytes.model", "unigram-suffix.model", "mistral.json",
        "metaspace.json", "unknown.json", "byte-llama3.json", "byte-qwen2.json", "byte-falcon.json", "byte-spaces.json",
        "byte-runs.json",
    ].map { name in
        do { return try Tokenizer.load(file: "\(fixtureFolder)/\(name)") } catch { fatalError("\(error)") }
    }

    private static func exercise(_ vocabulary: TokenizerVocabulary) {
        guard let tokenizer = try? Tokenizer(vocabulary: vocabulary) else { return }
        // What loads must load again from what it exports.
        guard let again = try? Tokenizer(vocabulary: tokenizer.vocabulary) else { fatalError("an export that does not load") }
        for text in ["", "a", " Hello  world<s>\u{2581}\u{FFFD} e\u{301}\u{1F642} the cat", "aaaaaaaaaaaaaaaaaaaaaaaa"] {
            guard tokenizer.encode(text, addSpecialTokens: true) == again.encode(text, addSpecialTokens: true) else {
                fatalError("an export that encodes differently")
            }
            check(tokenizer, Array(text.utf8))
        }
    }

    private static func check(_ tokenizer: Tokenizer, _ text: [UInt8]) {
        var tokens = tokenizer.encode(text, addSpecialTokens: true)
        guard tokens.allSatisfy({ (0..<tokenizer.count).contains($0) }) else { fatalError("a token outside the vocabulary") }
        tokens += text.map { Int($0) * 31 % (tokenizer.count + 1) }
        var decoder = StreamingDecoder(tokenizer)
        var streamed = ""
        for token in tokens { streamed += decoder.append(token) }
        streamed += decoder.finish()
        guard Array(streamed.utf8) == tokenizer.decode(tokens) else { fatalError("streaming disagrees with decoding at once") }
    }

    /// Five pieces: unknown, two control, "a" and "aa".
    private static let tinyModel: [UInt8] = {
        func piece(_ text: String, _ type: UInt8) -> [UInt8] {
            let inner = [0x0A, UInt8(text.utf8.count)] + Array(text.utf8) + [0x15, 0, 0, 0x80, 0xBF, 0x18, type]
            return [0x0A, UInt8(inner.count)] + inner
        }
        let pieces = [("<unk>", 2), ("<s>", 3), ("</s>", 3), ("a", 1), ("aa", 1), ("\u{2581}", 4)] as [(String, UInt8)]
        return pieces.flatMap { piece($0.0, $0.1) } + [0x12, 2, 0x18, 2, 0x1A, 6, 0x18, 1, 0x20, 0, 0x28, 1]
    }()

    private static let tinyJSON = #"""
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":0,"content":"<unk>","single_word":false,"lstrip":false,
        "rstrip":false,"normalized":false,"special":true},{"id":1,"content":"<s>","single_word":true,"lstrip":true,"rstrip":true,
        "normalized":false,"special":true},{"id":5,"content":"aab","single_word":false,"lstrip":false,"rstrip":false,"normalized":true,
        "special":false}],"normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":
        {"String":" "},"content":"▁"},{"type":"Lowercase"},{"type":"Strip","strip_left":true,"strip_right":true}]},"pre_tokenizer":
        {"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false},"post_processor":{"type":"TemplateProcessing",
        "single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<s>":
        {"id":"<s>","ids":[1],"tokens":["<s>"]}}},"decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},
        "content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},"model":{"type":"BPE",
        "dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,
        "byte_fallback":true,"ignore_merges":false,"vocab":{"<unk>":0,"<s>":1,"a":2,"aa":3,"<0x41>":4},"merges":[["a","a"]]}}
        """#
}
