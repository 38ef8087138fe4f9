import Testing

@testable import TernaryCore
@testable import TernaryFiles

@Suite("Transformers in Hugging Face directories")
struct HuggingFaceTransformerTests {
    static let query = "model.layers.1.self_attn.q_proj.weight"

    static func plainMatrix(_ projection: Projection) -> TernaryMatrix? {
        guard case .ternary(let matrix, nil) = projection.matrix else { return nil }
        return matrix
    }

    @Test("packed rows stand in four planes; what the scale means depends on the class", arguments: [true, false])
    func packed(multiplies: Bool) throws {
        var checkpoint = TinyTransformer(packed: true)
        if !multiplies { checkpoint.config["quantization_config"] = #"{"quant_method":"bitnet"}"# }
        let weights = try checkpoint.weights()
        let matrix = try #require(Self.plainMatrix(weights.layers[1].query))
        #expect(matrix.scale == (multiplies ? 1.5 : 1 / 1.5))
        let bytes = checkpoint[Self.query].bytes
        for row in 0..<20 {
            for column in 0..<20 {
                #expect(matrix[row, column] == Int8(bytes[row % 5 * 20 + column] >> (2 * (row / 5)) & 3) - 1)
            }
        }
        #expect(weights.configuration.quantizesActivations && weights.configuration.endTokens == [2, 3])
        #expect(weights.configuration.activation == .squaredReLU && weights.configuration.rotation.theta == 500_000)
        #expect(weights.layers[0].attentionSubNorm?.count == 20 && weights.layers[0].feedForwardSubNorm?.count == 28)
        #expect(weights.layers[0].query.bias == nil && weights.layers[0].queryNorm == nil)
    }

    @Test("the padding of a row count that is no multiple of four is left out", arguments: [1, 2, 3, 5, 6, 7, 64, 67])
    func trimming(rows: Int) throws {
        let (columns, planeRows) = (21, (rows + 3) / 4)
        var random = SplitMix64(seed: 5)
        let trits = (0..<rows * columns).map { _ in Int8(random.next() % 3) - 1 }
        var bytes = [UInt8](repeating: 0, count: planeRows * columns)
        for (index, trit) in trits.enumerated() {
            let (row, column) = (index / columns, index % columns)
            bytes[row % planeRows * columns + column] |= UInt8(trit + 1) << (2 * (row / planeRows))
        }
        let matrix = try bytes.withUnsafeBytes { try RowPlanes.unpack($0, rows: rows, columns: columns, scale: 1).get() }
        #expect(matrix == TernaryMatrix(rows: rows, columns: columns, scale: 1, trits: trits))
    }

    @Test("a code of 3 is refused with its row and column")
    func invalidCode() throws {
        var checkpoint = TinyTransformer(packed: true)
        checkpoint[Self.query].bytes[2 * 20 + 17] = 0b01_11_00_01
        let problem = try #require(checkpoint.problem())
        #expect(problem.contains(Self.query) && problem.contains("row 12, column 17"), "\(problem)")
    }

    @Test("an online master becomes absmean's trits, though it be ternary; BF16 rounds its scale", arguments: ["F32", "BF16"])
    func master(type: String) throws {
        var checkpoint = TinyTransformer()
        checkpoint.config["quantization_config"] =
            #"{"quant_method":"bitnet","linear_class":"autobitlinear","quantization_mode":"online"}"#
        // Of 400 weights 130 are zero: the rule shrinks the scale by the share of the others.
        let values = (0..<400).map { $0 < 130 ? Float(0) : $0 % 2 == 0 ? 0.75 : -0.75 }
        checkpoint[Self.query] = TinyTensor(Self.query, [20, 20], values, type: type)
        let matrix = try #require(Self.plainMatrix(try checkpoint.weights().layers[1].query))
        let mean = Float(0.75 * 270 / 400)
        #expect(matrix.scale == (type == "F32" ? 1 / (1 / mean) : 0.507_812_5))
        #expect(matrix.words == TernaryMatrix(rows: 20, columns: 20, scale: 1, trits: values.map { Int8($0 / 0.75) }).words)
    }

    @Test("BF16 masters of a model that is declared to run in float32 keep their scale")
    func declaredFloat32() throws {
        var checkpoint = TinyTransformer()
        checkpoint.config["torch_dtype"] = "\"float32\""
        checkpoint.config["is_bitnet_config"] = "true"
        checkpoint[Self.query] = TinyTensor(Self.query, [20, 20], [Float](repeating: 0.75, count: 399) + [0], type: "BF16")
        #expect(Self.plainMatrix(try checkpoint.weights().layers[1].query)?.scale == 1 / (1 / Float(0.75 * 399 / 400)))
    }

    @Test("masters of 1bitLLM are known by the names of their norms")
    func oldNames() throws {
        var checkpoint = TinyTransformer()
        checkpoint.config["model_type"] = "\"llama\""
        for index in checkpoint.tensors.indices {
            let name = checkpoint.tensors[index].name
            checkpoint.tensors[index].name =
                name.hasSuffix("attn_sub_norm.weight")
                ? String(name.dropLast(20)) + "inner_attn_ln.weight"
                : name.hasSuffix("ffn_sub_norm.weight") ? String(name.dropLast(19)) + "ffn_layernorm.weight" : name
        }
        let weights = try checkpoint.weights()
        #expect(weights.configuration.quantizesActivations && weights.configuration.activation == .silu)
        #expect(weights.layers.allSatisfy { $0.projections.allSatisfy { Self.plainMatrix($0) != nil } })
        guard case .dense = weights.embedding else { return #expect(Bool(false), "the embedding stays dense") }
    }

    @Test("ternary values in a float type take the scale beside them")
    func ternaryFloats() throws {
        var checkpoint = TinyTransformer(packed: true)
        let values = (0..<400).map { Float($0 % 3 - 1) }
        checkpoint[Self.query] = TinyTensor(Self.query, [20, 20], values, type: "BF16")
        let matrix = try #require(Self.plainMatrix(try checkpoint.weights().layers[1].query))
        #expect(matrix == TernaryMatrix(rows: 20, columns: 20, scale: 1.5, trits: values.map { Int8($0) }))
    }

    @Test("floats that are neither ternary nor masters are refused, unless they are named as dense")
    func strayFloats() throws {
        var checkpoint = TinyTransformer(packed: true)
        let floats = TinyTransformer()[Self.query]
        checkpoint[Self.query] = floats
        checkpoint.tensors.removeAll { $0.name == Self.query + "_scale" }
        #expect(checkpoint.problem()?.contains(Self.query) == true)
        for name in ["model.layers.1.self_attn.q_proj", "model.layers.1", "self_attn.q_proj"] {
            checkpoint.config["quantization_config"] =
                #"{"quant_method":"bitnet","modules_to_not_convert":["lm_head","\#(name)"]}"#
            guard case .dense(let dense) = try checkpoint.weights().layers[1].query.matrix else {
                return #expect(Bool(false), "\(name) does not keep it dense")
            }
            #expect(Array(dense.bytes) == floats.bytes)
        }
        checkpoint.config["quantization_config"] = #"{"quant_method":"bitnet","modules_to_not_convert":["layers.1"]}"#
        #expect(checkpoint.problem()?.contains(Self.query) == true)
    }

    @Test("biases, norms of projections and norms of heads are there where their tensors are")
    func optionalTensors() throws {
        var checkpoint = TinyTransformer(packed: true)
        checkpoint.config["quantization_config"] = #"{"quant_method":"bitnet","rms_norm_eps":0.25}"#
        for layer in 0..<2 {
            let prefix = "model.layers.\(layer)."
            checkpoint.tensors += [
                TinyTensor(prefix + "self_attn.k_proj.bias", [4], [1, 2, 3, -0.0]),
                TinyTensor(prefix + "mlp.down_proj.rms_norm.weight", [28], [Float](repeating: 2, count: 28)),
                TinyTensor(prefix + "mlp.up_proj.norm.weight", [20], [Float](repeating: 3, count: 20)),
                TinyTensor(prefix + "self_attn.q_norm.weight", [4], [1, 2, 3, 4]),
                TinyTensor(prefix + "self_attn.k_norm.weight", [4], [5, 6, 7, 8]),
                TinyTensor(prefix + "self_attn.rotary_emb.inv_freq", [2], [1, 0.5]),
            ]
        }
        let layer = try checkpoint.weights().layers[1]
        #expect(layer.key.bias == [1, 2, 3, 0] && layer.value.bias == nil)
        #expect(layer.down.norm?.weight.first == 2 && layer.down.norm?.epsilon == 0.25 && layer.up.norm?.weight.first == 3)
        #expect(layer.queryNorm == [1, 2, 3, 4] && layer.keyNorm == [5, 6, 7, 8] && layer.gate.norm == nil)
        // What one block has, all have.
        for name in ["self_attn.k_proj.bias", "mlp.down_proj.rms_norm.weight", "self_attn.q_norm.weight"] {
            for layer in 0..<2 {
                var incomplete = checkpoint
                incomplete.tensors.removeAll { $0.name == "model.layers.\(layer).\(name)" }
                #expect(incomplete.problem()?.contains(name) == true)
            }
        }
    }

    @Test("a head that is missing or tied is the embedding; the end tokens of generation_config.json count")
    func heads() throws {
        var checkpoint = TinyTransformer()
        checkpoint.config["tie_word_embeddings"] = "true"
        #expect(try checkpoint.weights().head == nil)
        checkpoint.config["tie_word_embeddings"] = "false"
        #expect(try checkpoint.weights().head != nil)
        checkpoint.tensors.removeAll { $0.name == "lm_head.weight" }
        #expect(try checkpoint.weights().configuration.tiesEmbeddings)
        let scratch = try Scratch()
        try checkpoint.write(to: scratch)
        try scratch.write("generation_config.json", #"{"eos_token_id": [3, 7]}"#)
        #expect(try HuggingFaceTransformer(scratch.path).configuration.endTokens == [2, 3, 7])
        try scratch.write("generation_config.json", #"{"eos_token_id": [3, 10]}"#)
        #expect(
            message { _ = try HuggingFaceTransformer(scratch.path) }?.contains("generation_config.json: eos_token_id") == true)
    }

    @Test("a missing, unknown or misshapen tensor is named before any weight is read", arguments: [false, true])
    func tensors(packed: Bool) throws {
        let whole = TinyTransformer(packed: packed)
        #expect(whole.problem() == nil)
        for (index, tensor) in whole.tensors.enumerated() {
            var changed = whole
            if tensor.name != "lm_head.weight" {
                changed.tensors.remove(at: index)
                // Sub-norms are optional where no block has them.
                let isOptional = tensor.name.contains("layers.0") && tensor.name.contains("sub_norm")
                #expect(changed.problem() != nil, "without \(tensor.name)")
                #expect(isOptional || changed.problem()!.contains(tensor.name), "\(changed.problem()!)")
            }
            changed = whole
            changed.tensors[index].shape = tensor.shape.reversed() + [1]
            #expect(changed.problem()?.contains(tensor.name) == true, "the shape of \(tensor.name)")
            changed = whole
            changed.tensors[index].type = tensor.type == "U8" ? "BOOL" : "I32"
            #expect(changed.problem()?.contains(tensor.name) == true, "the type of \(tensor.name)")
            changed = whole
            changed.tensors[index].name += "s"
            #expect(changed.problem() != nil, "the name of \(tensor.name)")
        }
    }

    @Test("what is not finite is refused with its tensor and element", arguments: [false, true])
    func notFinite(online: Bool) throws {
        var whole = TinyTransformer()
        if online { whole.config["quantization_config"] = #"{"quant_method":"bitnet","quantization_mode":"online"}"# }
        for index in whole.tensors.indices {
            var checkpoint = whole
            checkpoint.tensors[index].bytes.replaceSubrange(12..<16, with: [0, 0, 0x80, 0x7F])
            let problem = checkpoint.problem()
            #expect(
                problem?.hasSuffix("\(whole.tensors[index].name): element 3 is not a finite number") == true,
                "\(problem ?? "none")")
        }
    }

    @Test("scales that are no scales are refused", arguments: [0, -1, Float.infinity, .nan, 1e30, 1e-30])
    func scales(scale: Float) {
        var checkpoint = TinyTransformer(packed: true)
        checkpoint[Self.query + "_scale"] = TinyTensor(Self.query + "_scale", [1], [scale])
        #expect(checkpoint.problem()?.contains(Self.query + "_scale") == true)
    }
}
