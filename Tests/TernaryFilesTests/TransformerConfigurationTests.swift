import Testing

@testable import TernaryCore
@testable import TernaryFiles

@Suite("config.json of transformers")
struct TransformerConfigurationTests {
    static func configuration(_ more: String, type: String = "llama", sizes: String? = nil) throws -> TransformerConfiguration {
        let sizes =
            sizes
            ?? #""hidden_size":64,"intermediate_size":96,"num_hidden_layers":2,"num_attention_heads":4,"vocab_size":50,"max_position_embeddings":512"#
        let text = #"{"model_type":"\#(type)",\#(sizes)\#(more.isEmpty ? "" : ",")\#(more)}"#
        return try TransformerConfiguration(ConfigurationReader(Array(text.utf8), path: "config.json"))
    }

    @Test("what is absent has the default of the family's class")
    func defaults() throws {
        let llama = try Self.configuration("")
        #expect(llama.headSize == 16 && llama.keyValueHeadCount == 4 && llama.normEpsilon == 1e-6 && llama.activation == .silu)
        #expect(llama.rotation == RotaryEmbedding(theta: 10_000) && llama.beginToken == 1 && llama.endTokens == [2])
        let bitnet = try Self.configuration("", type: "bitnet")
        #expect(bitnet.rotation.theta == 500_000 && bitnet.normEpsilon == 1e-5 && bitnet.activation == .squaredReLU)
        #expect(bitnet.beginToken == nil && bitnet.endTokens.isEmpty, "128000 is not one of 50 tokens")
        #expect(try Self.configuration("", type: "qwen3").headSize == 128)
        #expect(try Self.configuration(#""head_dim":null"#, type: "qwen3").headSize == 16)
        #expect(try Self.configuration(#""bos_token_id":null,"eos_token_id":null"#).endTokens.isEmpty)
        #expect(try Self.configuration(#""head_dim":256,"eos_token_id":[4,5]"#).headSize == 256)
    }

    @Test("rotary embedding is read from every form in which it is written")
    func rotation() throws {
        func rotation(_ more: String) throws -> RotaryEmbedding { try Self.configuration(more).rotation }
        #expect(try rotation(#""rope_theta":5e5,"rope_scaling":null"#) == RotaryEmbedding(theta: 5e5))
        #expect(
            try rotation(#""rope_theta":5,"rope_parameters":{"rope_theta":7e5,"rope_type":"default"}"#)
                == RotaryEmbedding(theta: 7e5))
        #expect(
            try rotation(#""rope_scaling":{"type":"linear","factor":4}"#)
                == RotaryEmbedding(theta: 1e4, scaling: .linear(factor: 4)))
        let llama3 =
            #"{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":32}"#
        #expect(
            try rotation(#""rope_scaling":\#(llama3)"#).scaling
                == .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 32))
        #expect(
            try rotation(#""rope_scaling":{"rope_type":"yarn","factor":4,"original_max_position_embeddings":128}"#).scaling
                == .yarn(
                    factor: 4, betaFast: 32, betaSlow: 1, attentionFactor: 1.138_629_4, originalContext: 128, truncates: true))
        let all =
            #""factor":null,"beta_fast":8,"beta_slow":2,"mscale":0.5,"mscale_all_dim":1,"truncate":false,"original_max_position_embeddings":9"#
        #expect(
            try rotation(#""original_max_position_embeddings":128,"rope_scaling":{"rope_type":"yarn",\#(all)}"#).scaling
                == .yarn(
                    factor: 4, betaFast: 8, betaSlow: 2, attentionFactor: 1.069_314_7 / 1.138_629_4, originalContext: 128,
                    truncates: false))
        #expect(try rotation(#""rope_scaling":{"rope_type":"yarn","factor":4,"attention_factor":2}"#).attentionFactor == 2)
    }

    @Test(
        "what cannot be honoured is refused by its key, in one line",
        arguments: [
            ("hidden_size", "0"), ("hidden_size", "131073"), ("hidden_size", "null"), ("hidden_size", "\"64\""),
            ("hidden_size", "62"),
            ("intermediate_size", "-1"), ("num_hidden_layers", "1e9"), ("num_attention_heads", "0"),
            ("num_attention_heads", "65536"),
            ("num_key_value_heads", "3"), ("num_key_value_heads", "8"), ("head_dim", "3"), ("head_dim", "131072"),
            ("head_dim", "0"),
            ("vocab_size", "1e12"), ("rms_norm_eps", "0"), ("rms_norm_eps", "-1"), ("rope_theta", "1"), ("rope_theta", "-5"),
            ("rope_theta", "1e300"), ("rope_scaling", "7"), ("rope_scaling", #"{"rope_type":"longrope"}"#),
            ("rope_scaling", #"{"type":"dynamic","factor":2}"#), ("rope_scaling", #"{"rope_type":"linear"}"#),
            ("rope_scaling", #"{"rope_type":"linear","factor":0}"#), ("rope_scaling", #"{"rope_type":"llama3","factor":8}"#),
            ("rope_scaling", #"{"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4}"#),
            ("rope_scaling", #"{"rope_type":"yarn","factor":"4"}"#), ("rope_scaling", #"{"rope_type":1}"#),
            ("rope_scaling", #"{"rope_type":"yarn","factor":4,"factor":5}"#),
            ("rope_parameters", #"{"full_attention":{"rope_type":"default"}}"#),
            ("rope_parameters", #"{"rope_type":"default","partial_rotary_factor":0.5}"#), ("partial_rotary_factor", "0.5"),
            ("hidden_act", "\"gelu\""), ("hidden_act", "3"), ("tie_word_embeddings", "1"), ("bos_token_id", "50"),
            ("eos_token_id", "[2,50]"), ("eos_token_id", "[2,\"x\"]"), ("eos_token_id", "-1"), ("max_position_embeddings", "0"),
            ("architectures", "\"LlamaForCausalLM\""), ("layer_types", #"["full_attention","sliding_attention"]"#),
        ])
    func refused(key: String, value: String) throws {
        var members = [
            "hidden_size": "64", "intermediate_size": "96", "num_hidden_layers": "2", "num_attention_heads": "4",
            "vocab_size": "50",
        ]
        members[key] = value
        let sizes = members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        let problem = try #require(message { _ = try Self.configuration("", sizes: sizes) })
        // Widths that do not go together are told by either of their keys.
        let isAboutHeads = key == "hidden_size" && problem.contains("num_attention_heads")
        #expect((problem.contains(key) || isAboutHeads || problem.contains("head_dim")) && !problem.contains("\n"), "\(problem)")
    }

    @Test("attention through windows is refused, a window as wide as the context is not")
    func windows() throws {
        #expect(message { _ = try Self.configuration("", type: "mistral") } == nil, "the class's window is wider than 512")
        #expect(
            message { _ = try Self.configuration(#""sliding_window":100"#, type: "mistral") }?.contains("sliding_window") == true)
        #expect(message { _ = try Self.configuration(#""sliding_window":100"#, type: "qwen2") } == nil)
        #expect(
            message { _ = try Self.configuration(#""sliding_window":100,"use_sliding_window":true"#, type: "qwen2") } != nil)
    }

    @Test("only families of these blocks are transformers of ours")
    func families() throws {
        for (type, isOurs) in [("bitnet", true), ("llama", true), ("qwen3", true), ("hgrn_bit", false), ("qwen3_moe", false)] {
            let reader = try ConfigurationReader(Array(#"{"model_type":"\#(type)"}"#.utf8), path: "config.json")
            #expect(HuggingFaceTransformer.describes(reader) == isOurs)
        }
        #expect(message { _ = try Self.configuration("", type: "gpt2") }?.contains("model_type") == true)
    }

    @Test(
        "quantisations other than BitNet's are refused",
        arguments: [
            (#"{}"#, "quant_method"), (#"{"quant_method":"gptq"}"#, "gptq"), (#"7"#, "quantization_config"),
            (#"{"quant_method":"bitnet","linear_class":"x"}"#, "linear_class"),
            (#"{"quant_method":"bitnet","quantization_mode":"both"}"#, "quantization_mode"),
            (#"{"quant_method":"bitnet","modules_to_not_convert":["layers.*"]}"#, "modules_to_not_convert"),
            (#"{"quant_method":"bitnet","modules_to_not_convert":[1]}"#, "modules_to_not_convert"),
            (#"{"quant_method":"bitnet","rms_norm_eps":0}"#, "rms_norm_eps"),
        ])
    func quantization(value: String, part: String) throws {
        var checkpoint = TinyTransformer(packed: true)
        checkpoint.config["quantization_config"] = value
        let problem = try #require(checkpoint.problem())
        #expect(problem.contains(part) && problem.contains("quantization_config"), "\(problem)")
    }

    @Test("files with changed bytes are read or refused in one line", arguments: [false, true])
    func mutations(packed: Bool) throws {
        let checkpoint = TinyTransformer(packed: packed)
        let scratch = try Scratch()
        try checkpoint.write(to: scratch)
        let files = ["config.json", "model.safetensors"]
        let originals = try files.map(scratch.read)
        var random = SplitMix64(seed: 3)
        for round in 0..<400 {
            let chosen = round % 2
            var bytes = originals[chosen]
            // Most of a checkpoint is weights: changes go to the first bytes, where its header is.
            let reach = min(bytes.count, 4096)
            for _ in 0...random.next() % 3 {
                let place = Int(random.next() % UInt64(reach))
                bytes[place] = random.next() % 2 == 0 ? UInt8(ascii: "0") + UInt8(random.next() % 10) : UInt8(random.next() % 256)
            }
            if round % 5 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
            try scratch.write(files[chosen], bytes)
            let problem = message { _ = try TransformerWeights(HuggingFaceTransformer(scratch.path)) }
            #expect(problem?.contains("\n") != true && problem?.contains(scratch.path) != false, "\(problem ?? "")")
            try scratch.write(files[chosen], originals[chosen])
        }
    }

    @Test("more layers than tensors are refused at once")
    func layers() {
        var checkpoint = TinyTransformer()
        checkpoint.config["num_hidden_layers"] = "65536"
        #expect(checkpoint.problem()?.contains("num_hidden_layers") == true)
    }
}
