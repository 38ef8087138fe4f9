import Glibc
import Testing

@testable import TernaryFiles

@Suite("Chat templates")
struct ChatTemplateTests {
    private static let conversation = [
        ChatMessage(role: "system", content: "Be brief."), ChatMessage(role: "user", content: " Hi\n"),
        ChatMessage(role: "assistant", content: "Yes"), ChatMessage(role: "user", content: "Why?"),
    ]

    /// A tokenizer of bytes with these special tokens behind them.
    private func tokenizer(_ special: [String], template: String = "") throws -> Tokenizer {
        var vocabulary = try Tokenizer.load(file: "\(ReferenceCases.folder)/byte-gpt2.json").vocabulary
        let size = vocabulary.tokens.count - 3
        let tokens = vocabulary.tokens[..<size] + special.map { Array($0.utf8) }
        let metadata: [String: GGUFValue] = [
            "tokenizer.ggml.model": .text("gpt2"), "tokenizer.ggml.pre": .text("llama-bpe"),
            "tokenizer.ggml.tokens": .strings(Array(tokens)),
            "tokenizer.ggml.merges": .strings(vocabulary.merges),
            "tokenizer.ggml.token_type": .integers((0..<tokens.count).map { $0 < size ? 1 : 3 }),
            "tokenizer.ggml.bos_token_id": .uint32(UInt32(size)), "tokenizer.ggml.eos_token_id": .uint32(UInt32(size + 1)),
            "tokenizer.chat_template": .text(template),
        ]
        vocabulary = try #require(try TokenizerVocabulary(metadata, path: "t"))
        return try Tokenizer(vocabulary: vocabulary, path: "t")
    }

    private static let llama3 = [
        "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    ]

    @Test(
        "BitNet 2B4T's is used where its file has the one that is wrong, or none",
        arguments: ["bitnet", "bitnet-25", "bitnet-b1.58"])
    func bitnet(architecture: String) throws {
        let expected =
            "<|begin_of_text|>System: Be brief.<|eot_id|>User: Hi<|eot_id|>Assistant: Yes<|eot_id|>User: Why?<|eot_id|>Assistant: "
        for source in ["", "{% for m in messages %}Human: {{ m.content }}\n\nBITNETAssistant: {% endfor %}"] {
            let tokenizer = try tokenizer(Self.llama3, template: source)
            let template = try ChatTemplate.choose(tokenizer, architecture: architecture, path: "f")
            #expect(try template.prompt(Self.conversation) == expected)
            #expect(template.notice?.hasPrefix("f: ") == true)
            #expect(template.endTokens == Set([tokenizer.count - 4, tokenizer.count - 1]))
            // Not for a model that merely has the same tokens.
            #expect(try ChatTemplate.choose(tokenizer, architecture: "llama", path: "f").name != "bitnet")
        }
    }

    @Test(
        "a model without a template gets its family's",
        arguments: [
            (
                llama3, "llama3",
                "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>"
                    + "\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nYes<|eot_id|><|start_header_id|>user<|end_header_id|>"
                    + "\n\nWhy?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
            ),
            (
                ["<|endoftext|>", "<|im_end|>", "<|im_start|>"], "chatml",
                "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n Hi\n<|im_end|>\n<|im_start|>assistant\nYes<|im_end|>\n"
                    + "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
            ),
            (
                ["<s>", "<|endoftext|>", "<|user|>", "<|assistant|>"], "falcon3",
                "<|system|>\nBe brief.\n<|user|>\n Hi\n\n<|assistant|>\nYes<|endoftext|>\n<|user|>\nWhy?\n<|assistant|>\n"
            ),
            (["<s>", "</s>"], "plain", "Be brief.\n\nUser: Hi\n\nAssistant: Yes\nUser: Why?\nAssistant:"),
        ])
    func families(special: [String], name: String, expected: String) throws {
        let template = try ChatTemplate.choose(tokenizer(special), architecture: "llama", path: "f")
        #expect(template.name == name)
        #expect(template.notice?.contains("has no chat template") == true)
        #expect(try template.prompt(Self.conversation) == expected)
    }

    @Test("every family can be named, and llama2 and zephyr write what their models know")
    func named() throws {
        let tokenizer = try tokenizer(["<s>", "</s>"])
        for family in ChatTemplate.Family.allCases {
            _ = try ChatTemplate(family, tokenizer: tokenizer).prompt(Self.conversation)
        }
        #expect(
            try ChatTemplate(.llama2, tokenizer: tokenizer).prompt(Self.conversation)
                == "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Yes </s><s>[INST] Why? [/INST]")
        #expect(
            try ChatTemplate(.zephyr, tokenizer: tokenizer).prompt(Array(Self.conversation[2...]))
                == "<|assistant|>\nYes</s>\n<|user|>\nWhy?</s>\n<|assistant|>\n")
    }

    @Test("a template that cannot be used is refused with its file and line")
    func refused() throws {
        let tokenizer = try tokenizer(["<s>", "</s>"], template: "{{ bos_token }}\n{% nope %}")
        #expect(throws: FileError("f", at: "chat template, line 2", "'nope' is not supported in templates")) {
            try ChatTemplate.choose(tokenizer, architecture: nil, path: "f")
        }
        let template = try ChatTemplate(Array("\n\n{{ raise_exception('no system') }}".utf8), tokenizer: tokenizer, path: "f")
        #expect(throws: FileError("f", at: "chat template, line 3", "the template says: no system")) {
            try template.prompt(Self.conversation)
        }
    }

    @Test("a directory's template comes from either file, and its end tokens from generation_config.json")
    func directory() throws {
        var name = Array("/tmp/vkternary-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&name).map { String(cString: $0) })
        let files = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json"]
        defer { for file in files + [""] { remove("\(folder)/\(file)") } }
        func write(_ file: String, _ bytes: [UInt8]) throws {
            let output = try OutputFile("\(folder)/\(file)")
            try output.write(bytes)
            try output.finish()
        }
        func template() throws -> String {
            String(decoding: try Tokenizer.load(directory: folder).vocabulary.chatTemplate, as: UTF8.self)
        }
        try write(files[0], InputFile.contents(of: "\(ReferenceCases.folder)/byte-llama3.json", limit: 1 << 20))
        #expect(try template() == "")
        try write(files[1], Array(#"{"chat_template": "one", "eos_token": "<|end|>"}"#.utf8))
        #expect(try template() == "one")
        try write(
            files[1],
            Array(#"{"chat_template": [{"name": "tool", "template": "t"}, {"name": "default", "template": "two"}]}"#.utf8))
        #expect(try template() == "two")
        try write(files[2], Array("three".utf8))
        #expect(try template() == "three")
        try write(files[1], Array(#"{"chat_template": 3}"#.utf8))
        #expect(throws: FileError.self) { try template() }
        try write(files[1], Array(#"{"eos_token": "<|end|>"}"#.utf8))
        let end = try #require(try Tokenizer.load(directory: folder).endToken)
        try write(files[3], Array(#"{"eos_token_id": [\#(end), 7, 999999, -1]}"#.utf8))
        #expect(try Tokenizer.load(directory: folder).vocabulary.turnEndTokens == [7])
    }

    @Test("a conversation is written and read again; one that is none is refused")
    func files() throws {
        var name = Array("/tmp/vkternary-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&name).map { String(cString: $0) })
        let path = "\(folder)/chat.json"
        defer { for file in ["chat.json", ""] { remove("\(folder)/\(file)") } }
        let messages =
            Array(Self.conversation[..<3]) + [
                ChatMessage(role: "user", content: "\u{0}\"\\\n🙂"), ChatMessage(role: "assistant", content: ""),
            ]
        try messages.write(chatFile: path)
        #expect(try [ChatMessage](chatFile: path) == messages)
        func refusal(_ text: String) throws -> String? {
            let file = try OutputFile(path)
            try file.write(Array(text.utf8))
            try file.finish()
            do {
                _ = try [ChatMessage](chatFile: path)
                return nil
            } catch { return "\(error)" }
        }
        #expect(try refusal("[]") == nil)
        #expect(try refusal("[") == "\(path): invalid JSON at byte 1: the text ends where a value should be")
        #expect(try refusal("{}") == "\(path): is not a conversation: no JSON list of messages")
        #expect(try refusal("[3]") == "\(path): message 0: not a JSON object")
        #expect(try refusal(#"[{"role": "user"}]"#) == "\(path): message 0.content: missing")
        #expect(try refusal(#"[{"role": "user", "content": []}]"#) == "\(path): message 0.content: not a string")
        #expect(try refusal(#"[{"role": "user", "content": ""}]"#) == "\(path): the last question has no answer")
        #expect(
            try refusal(#"[{"role": "assistant", "content": ""}]"#)
                == "\(path): message 0.role: \"assistant\" where \"user\" has its turn")
    }
}
