import Testing

@testable import TernaryCore
@testable import TernaryFiles

@Suite("Hugging Face directories")
struct HuggingFaceModelTests {
    static func problem(_ checkpoint: TinyCheckpoint) throws -> String? {
        let scratch = try Scratch()
        try checkpoint.write(to: scratch)
        return message { _ = try Checkpoint.open(scratch.path).weights() }
    }

    @Test("every type of the same numbers gives the same model")
    func types() throws {
        let models = try ["F32", "F16", "BF16"].map { type in
            let scratch = try Scratch()
            try TinyCheckpoint(type: type).write(to: scratch)
            return try Checkpoint.open(scratch.path).weights()
        }
        #expect(models[0] == models[1] && models[1] == models[2])
        #expect(models[0].embedding.element == .float16)
        #expect(models[0].layers.map { $0.lowerBound == nil } == [true, false])
    }

    @Test(
        "refuses configurations it cannot honour and names the key",
        arguments: [
            ("model_type", "\"gpt2\""), ("model_type", "null"), ("hidden_size", "0"), ("hidden_size", "131073"),
            ("hidden_size", "1e30"),
            ("hidden_size", "20.5"), ("hidden_size", "\"20\""), ("num_hidden_layers", "-1"), ("num_hidden_layers", "60000"),
            ("vocab_size", "1e12"), ("num_heads", "3"), ("expand_ratio", "2"), ("expand_ratio", "0"), ("intermediate_size", "0"),
            ("intermediate_size", "999999999"), ("rms_norm_eps", "0"), ("rms_norm_eps", "-1e-6"), ("rms_norm_eps", "true"),
            ("use_short_conv", "true"), ("use_short_conv", "1"), ("attn_mode", "\"chunk\""), ("hidden_act", "\"gelu\""),
            ("use_lower_bound", "\"yes\""), ("tie_word_embeddings", "0"), ("bos_token_id", "10"), ("eos_token_id", "[1,2]"),
            ("max_position_embeddings", "0"), ("quantization_config", "{}"), ("architectures", "7"),
        ])
    func configuration(key: String, value: String) throws {
        var checkpoint = TinyCheckpoint()
        checkpoint.config[key] = value
        let problem = try #require(try Self.problem(checkpoint))
        #expect(problem.contains(key) && !problem.contains("\n"), "\(problem)")
    }

    @Test(
        "intermediate_size null follows hidden_ratio, rounded up to a multiple of 256",
        arguments: [
            (512, "null", 1536), (1024, "4", 2816), (2048, "4", 5632), (2560, "4", 6912), (5120, "4", 13_824), (96, "2.5", 256),
        ])
    func intermediate(hidden: Int, ratio: String, expected: Int) throws {
        let text = #"{"model_type":"hgrn_bit","hidden_size":\#(hidden),"hidden_ratio":\#(ratio),"intermediate_size":null}"#
        let configuration = try MatMulFreeConfiguration(ConfigurationReader(Array(text.utf8), path: "config.json"))
        #expect(configuration.intermediateSize == expected)
        #expect(configuration.vocabularySize == 32_000 && configuration.layerCount == 24 && configuration.normEpsilon == 1e-6)
    }

    @Test("a missing, unknown or misshapen tensor is named", arguments: [0, 1, 2, 3, 4])
    func tensors(kind: Int) throws {
        var checkpoint = TinyCheckpoint()
        let name = "model.layers.1.mlp.down_proj.weight"
        switch kind {
        case 0: checkpoint.tensors.removeAll { $0.name == name }
        case 1: checkpoint[name].shape = [28, 20]
        case 2: checkpoint[name] = TinyTensor(name, [20, 28], [Float](repeating: 0, count: 560), type: "I32")
        case 3: checkpoint[name].name = name + "x"
        default: checkpoint.tensors.append(TinyTensor(name + ".bias", [1], [0]))
        }
        #expect(try Self.problem(checkpoint)?.contains(name) == true)
    }

    @Test("what is not finite is refused with its tensor and element", arguments: ["F32", "BF16"])
    func notFinite(type: String) throws {
        for name in TinyCheckpoint().tensors.map(\.name) {
            var checkpoint = TinyCheckpoint(type: type)
            let infinity: [UInt8] = type == "F32" ? [0, 0, 0x80, 0x7F] : [0x80, 0x7F]
            checkpoint[name].bytes.replaceSubrange(3 * infinity.count..<4 * infinity.count, with: infinity)
            let problem = try Self.problem(checkpoint)
            #expect(problem?.hasSuffix("\(name): element 3 is not a finite number") == true, "\(problem ?? "none")")
        }
    }

    @Test("a tied head is the ternarised embedding, whether said or shown")
    func tied() throws {
        let scratch = try Scratch()
        try TinyCheckpoint(tied: true).write(to: scratch)
        let said = try Checkpoint.open(scratch.path).weights()
        var checkpoint = TinyCheckpoint(tied: true)
        checkpoint.config["tie_word_embeddings"] = "false"
        try checkpoint.write(to: scratch)
        #expect(try Checkpoint.open(scratch.path).weights() == said)
        let values = (0..<10).flatMap { said.embedding.row($0) }
        #expect(said.head.matrix == (try TernarizerTests.ternarize(values, rows: 10)[0]))
    }

    @Test("shards give what one file gives, with an index and without")
    func shards() throws {
        let checkpoint = TinyCheckpoint()
        let whole = try Scratch()
        try checkpoint.write(to: whole)
        let scratch = try Scratch()
        try checkpoint.write(to: scratch)
        let names = ["model-1.safetensors", "model-2.safetensors"]
        let halves = [Array(checkpoint.tensors.prefix(9)), Array(checkpoint.tensors.dropFirst(9))]
        for (name, half) in zip(names, halves) { try scratch.write(name, TinyTensor.file(half)) }
        // Beside the whole file each tensor is there twice: only an index can tell.
        #expect(message { _ = try Checkpoint.open(scratch.path) }?.contains("as well") == true)
        let map = zip(names, halves).flatMap { name, half in half.map { #""\#($0.name)":"\#(name)""# } }
        func index(_ entries: [String]) throws {
            try scratch.write(
                SafetensorsDirectory.indexName, #"{"metadata":{},"weight_map":{\#(entries.joined(separator: ","))}}"#)
        }
        try index(map)
        #expect(try Checkpoint.open(scratch.path).weights() == Checkpoint.open(whole.path).weights())
        for (entry, reason) in [
            (#""x":"../model.safetensors""#, "not mapped"), (#""x":"model-3.safetensors""#, "cannot be opened"),
            (#""x":"model-1.safetensors""#, "is not in"), (map[0], "twice"),
        ] {
            try index(map + [entry])
            let problem = message { _ = try Checkpoint.open(scratch.path) }
            #expect(problem?.contains(reason) == true, "\(problem ?? "none")")
        }
        try index(Array(map.dropFirst()))
        #expect(message { _ = try Checkpoint.open(scratch.path) }?.contains("is not in model.safetensors.index.json") == true)
    }

    @Test("says what a path is when it is no model")
    func paths() throws {
        let scratch = try Scratch()
        #expect(message { _ = try Checkpoint.open(scratch.path + "/none") }?.contains("no such file") == true)
        #expect(message { _ = try Checkpoint.open(scratch.path) }?.contains("no config.json") == true)
        try scratch.write("config.json", "{\"model_type\":\"hgrn_bit\"}")
        #expect(message { _ = try Checkpoint.open(scratch.path) }?.contains("no *.safetensors") == true)
        try scratch.write("model.safetensors", "hello, world")
        #expect(message { _ = try Checkpoint.open(scratch.path + "/model.safetensors") }?.contains("give the directory") == true)
        #expect(message { _ = try Checkpoint.open("/dev/null") }?.contains("not a regular file") == true)
    }
}
