@testable import TernaryCore
@testable import TernaryFiles

/// A small transformer checkpoint whose parts a test may change before it is written.
struct TinyTransformer {
    var config: [String: String] = [
        "model_type": "\"bitnet\"", "hidden_size": "20", "intermediate_size": "28", "num_hidden_layers": "2",
        "num_attention_heads": "5", "num_key_value_heads": "1", "vocab_size": "10", "bos_token_id": "1", "eos_token_id": "[2, 3]",
        "max_position_embeddings": "64", "tie_word_embeddings": "false",
    ]
    var tensors: [TinyTensor] = []

    /// Rows and columns of a block's matrices, by name.
    static let projections: [(name: String, rows: Int, columns: Int)] = [
        ("self_attn.q_proj", 20, 20), ("self_attn.k_proj", 4, 20), ("self_attn.v_proj", 4, 20), ("self_attn.o_proj", 20, 20),
        ("mlp.gate_proj", 28, 20), ("mlp.up_proj", 28, 20), ("mlp.down_proj", 20, 28),
    ]

    /// - Parameters:
    ///   - packed: whether projections are bytes of four rows, with scales that multiply; else F32.
    init(packed: Bool = false) {
        var random = SplitMix64(seed: 1)
        func floats(_ name: String, _ shape: [Int]) -> TinyTensor {
            TinyTensor(name, shape, (0..<shape.reduce(1, *)).map { _ in Float(Int(random.next() % 129) - 64) / 64 })
        }
        tensors = [
            floats("model.embed_tokens.weight", [10, 20]), floats("model.norm.weight", [20]), floats("lm_head.weight", [10, 20]),
        ]
        for layer in 0..<2 {
            let prefix = "model.layers.\(layer)."
            for (name, rows, columns) in Self.projections {
                let weight = "\(prefix)\(name).weight"
                guard packed else {
                    tensors.append(floats(weight, [rows, columns]))
                    continue
                }
                var tensor = TinyTensor(weight, [rows / 4, columns], [], type: "U8")
                tensor.bytes = (0..<rows / 4 * columns).map { _ in
                    (0..<4).reduce(0) { byte, plane in byte | UInt8(random.next() % 3) << UInt8(2 * plane) }
                }
                tensors += [tensor, TinyTensor(weight + "_scale", [1], [1.5])]
            }
            tensors += [
                floats(prefix + "input_layernorm.weight", [20]), floats(prefix + "post_attention_layernorm.weight", [20]),
                floats(prefix + "self_attn.attn_sub_norm.weight", [20]), floats(prefix + "mlp.ffn_sub_norm.weight", [28]),
            ]
        }
        if packed { config["quantization_config"] = #"{"quant_method":"bitnet","linear_class":"autobitlinear"}"# }
    }

    subscript(name: String) -> TinyTensor {
        get { tensors.first { $0.name == name }! }
        set { tensors[tensors.firstIndex { $0.name == name }!] = newValue }
    }

    func write(to scratch: Scratch) throws {
        try scratch.write("config.json", "{" + config.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}")
        try scratch.write("model.safetensors", TinyTensor.file(tensors))
    }

    /// What the checkpoint holds once it is written and read.
    func weights() throws -> TransformerWeights {
        let scratch = try Scratch()
        try write(to: scratch)
        return try TransformerWeights(HuggingFaceTransformer(scratch.path))
    }

    /// The one line that says why it cannot be read; nil where it can.
    func problem() -> String? { message { _ = try weights() } }
}
