import Testing

@testable import TernaryCore
@testable import TernaryFiles

@Suite("transformers in GGUF")
struct GGUFTransformerTests {
    /// A file to be changed: its metadata and its tensors with their data.
    struct File {
        var metadata: [(key: String, value: GGUFValue)]
        var tensors: [(description: GGUFWriter.Tensor, data: [UInt8])]

        init(_ weights: TransformerWeights, type: TernaryBlockType = .tq2_0) throws {
            let bytes = try TinyGGUF.file(weights, type: type)
            (metadata, tensors) = try bytes.withUnsafeBytes { raw in
                let file = try GGUFFile(InputFile(raw, name: "m"), architectures: TransformerGGUF.architectures)
                let tensors = try file.tensors.values.sorted { $0.offset < $1.offset }.map {
                    (GGUFWriter.Tensor(name: $0.name, type: $0.type, dimensions: $0.dimensions), try file.bytes($0))
                }
                return (file.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, tensors)
            }
        }

        /// A value, nil for none.
        subscript(key: String) -> GGUFValue? {
            get { metadata.first { $0.key == key }?.value }
            set {
                metadata.removeAll { $0.key == key }
                if let newValue { metadata.append((key, newValue)) }
            }
        }

        mutating func replace(_ name: String, _ type: GGUFTensorType, _ dimensions: [Int], _ data: [UInt8]) {
            let index = tensors.firstIndex { $0.description.name == name }!
            tensors[index] = (.init(name: name, type: type, dimensions: dimensions), data)
        }

        mutating func append(_ name: String, _ values: [Float]) {
            tensors.append((.init(name: name, type: .float32, dimensions: [values.count]), TinyTensor("", [], values).bytes))
        }

        /// The file with another architecture, all keys of the old one renamed.
        mutating func rename(_ architecture: String) {
            guard case .string(let old)? = self["general.architecture"] else { return }
            let prefix = String(decoding: old, as: UTF8.self) + "."
            metadata = metadata.map { key, value in
                (key.hasPrefix(prefix) ? architecture + "." + key.dropFirst(prefix.count) : key, value)
            }
            self["general.architecture"] = .text(architecture)
        }

        func bytes() throws -> [UInt8] {
            let scratch = try Scratch()
            let output = try OutputFile(scratch.path + "/m")
            let writer = try GGUFWriter(
                output, metadata: metadata, tensors: tensors.map(\.description),
                alignment: self["general.alignment"]?.int ?? GGUFFile.defaultAlignment)
            for tensor in tensors {
                try writer.write(tensor.data)
                try writer.endTensor()
            }
            try output.finish()
            return try scratch.read("m")
        }

        func open(_ body: (GGUFTransformer) throws -> Void) throws { try TinyGGUF.open(try bytes(), body) }

        func problem() -> String { message { try open { _ = try TransformerWeights($0) } } ?? "none" }
    }

    @Test(
        "take the activation that a file's architecture was trained with where it names none, and say so",
        arguments: [
            ("bitnet-b1.58", TransformerConfiguration.Activation.squaredReLU), ("bitnet-25", .squaredReLU), ("bitnet", .silu),
            ("llama", .silu), ("qwen3", .silu),
        ])
    func activation(architecture: String, activation: TransformerConfiguration.Activation) throws {
        var file = try File(TinyGGUF.weights(.oneScale, subNorms: true))
        file.rename(architecture)
        file["\(architecture).hidden_activation"] = nil
        try file.open {
            #expect($0.configuration.activation == activation)
            #expect($0.notices.count == (activation == .silu ? 0 : 1) && $0.notices.allSatisfy { $0.contains("squared ReLU") })
        }
        for (name, meant) in [
            ("silu", TransformerConfiguration.Activation.silu), ("relu_sqr", .squaredReLU), ("relu2", .squaredReLU),
        ] {
            file["\(architecture).hidden_activation"] = .text(name)
            try file.open { #expect($0.configuration.activation == meant && $0.notices.isEmpty) }
        }
        file["\(architecture).hidden_activation"] = .text("gelu")
        #expect(
            file.problem() == "m.gguf: \(architecture).hidden_activation: \"gelu\" is not supported; \"silu\" and \"relu2\" are")
    }

    @Test("take squared ReLU for a file of architecture bitnet that has the shape of BitNet b1.58 2B-4T")
    func shapeOf2B() throws {
        let tensors: [GGUFFile.Tensor] = [("token_embd.weight", [2560, 128_256]), ("blk.0.attn_sub_norm.weight", [2560])].map {
            .init(name: $0, type: .float16, dimensions: $1, offset: 0, byteCount: 0)
        }
        let metadata: [String: GGUFValue] = [
            "bitnet.embedding_length": .uint32(2560), "bitnet.feed_forward_length": .uint32(6912),
            "bitnet.block_count": .uint32(30),
            "bitnet.attention.head_count": .uint32(20), "bitnet.attention.head_count_kv": .uint32(5),
            "bitnet.attention.layer_norm_rms_epsilon": .float32(1e-5),
        ]
        func read(_ metadata: [String: GGUFValue]) throws -> (configuration: TransformerConfiguration, notices: [String]) {
            let file = GGUFFile(architecture: "bitnet", metadata: metadata, tensors: tensors)
            return try TransformerGGUF.configuration(file)
        }
        let (configuration, notices) = try read(metadata)
        #expect(configuration.activation == .squaredReLU && notices.count == 1 && configuration.headSize == 128)
        #expect(try read(metadata.merging(["bitnet.block_count": .uint32(24)]) { $1 }).configuration.activation == .silu)
    }

    @Test("tell what is wrong with a tokenizer's metadata, and do not carry it over")
    func tokenizer() throws {
        var file = try File(TinyGGUF.weights(.oneScale))
        file["tokenizer.ggml.model"] = .text("gpt2")
        file["tokenizer.chat_template"] = .text("{% if x %}Human: {{ m }} BITNETAssistant: {% endif %}")
        file["vkternary.end_token_ids"] = nil
        file["tokenizer.ggml.eos_token_id"] = .uint32(3)
        file["tokenizer.ggml.eot_token_id"] = .uint32(5)
        file["tokenizer.ggml.tokens"] = .strings(["a", "b", "<|eot_id|>", "d"].map { Array($0.utf8) })
        try file.open { model in
            #expect(model.notices.count == 2)
            #expect(model.notices[0].contains("tokenizer.ggml.pre") && model.notices[1].contains("tokenizer.chat_template"))
            #expect(model.configuration.endTokens == [3, 5, 2])
            #expect(model.configuration.beginToken == 1)
            let keys = try model.tokenizerMetadata().map(\.key)
            #expect(keys.contains("tokenizer.ggml.tokens") && !keys.contains("tokenizer.chat_template"))
        }
        file["tokenizer.chat_template"] = .text("{{ m }}")
        file["tokenizer.ggml.pre"] = .text("llama-bpe")
        file["tokenizer.ggml.add_bos_token"] = .bool(false)
        try file.open {
            #expect($0.notices.isEmpty && $0.configuration.beginToken == nil)
        }
    }

    @Test("take int8 activations where rows have one scale each, floats where columns have their own, or what the file says")
    func activations() throws {
        for (kind, quantizes) in [
            (TinyGGUF.Kind.oneScale, true), (.oneFullScale, true), (.rowScales, true), (.groups64, false),
            (.groups128, false),
        ] {
            var file = try File(TinyGGUF.weights(kind, quantizesActivations: !quantizes))
            try file.open { #expect($0.configuration.quantizesActivations == !quantizes) }
            file[TransformerGGUF.activations] = nil
            try file.open { #expect($0.configuration.quantizesActivations == quantizes) }
        }
        // A row of the last matrix with two scales.
        var weights = TinyGGUF.weights(.oneScale)
        let trits = TernaryMatrix(rows: 256, columns: 512, scale: 1, trits: [Int8](repeating: 1, count: 256 * 512))
        var scales = [Float](repeating: 1, count: 512)
        scales[511] = 2
        weights.configuration.intermediateSize = 512
        for layer in 0..<2 {
            weights.layers[layer].gate = Projection(.ternary(TernaryMatrix(rows: 512, columns: 256, scale: 1), nil))
            weights.layers[layer].up = weights.layers[layer].gate
        }
        weights.layers[0].down = Projection(.ternary(trits, nil))
        weights.layers[1].down = Projection(
            .ternary(trits, GroupScales(rows: 256, columns: 512, groupColumns: 256, values: scales)))
        var file = try File(weights)
        file[TransformerGGUF.activations] = nil
        try file.open {
            #expect(!$0.configuration.quantizesActivations)
            let down = try $0.readLayer(1).down
            #expect(down == weights.layers[1].down)
        }
    }

    @Test("multiply a product's factor into its scales")
    func factor() throws {
        for kind in [TinyGGUF.Kind.oneScale, .groups128] {
            var weights = TinyGGUF.weights(kind)
            var file = try File(weights)
            file.append("blk.1.ffn_up.scale", [0.5])
            guard case .ternary(var trits, var scales) = weights.layers[1].up.matrix else { return }
            trits.scale *= scales == nil ? 0.5 : 1
            scales = scales.map {
                GroupScales(rows: 256, columns: 256, groupColumns: 128, values: $0.values.map { $0 / 2 })
            }
            weights.layers[1].up.matrix = .ternary(trits, scales)
            try file.open { model in
                let read = try model.readLayer(1).up.matrix
                #expect((0..<256).allSatisfy { read.row($0) == weights.layers[1].up.matrix.row($0) })
            }
        }
    }

    @Test("take any scale of a block of zeros for the others'")
    func zeroBlocks() throws {
        let blocks = GGUFBlockTests.vectors.first { $0.type == .tq2 }.map { GGUFBlockTests.bytes($0.hex) }!
        let zeros = [UInt8](repeating: 0x55, count: 64)
        func matrix(_ blocks: [UInt8]) throws -> (TernaryMatrix, GroupScales?) {
            guard case .ternary(let matrix, let scales) = try GGUFBlockTests.matrix(.tq2, columns: 512, rows: 2, blocks) else {
                throw FileError("m", "is not ternary")
            }
            return (matrix, scales)
        }
        let (one, none) = try matrix(blocks + zeros + [0, 0] + zeros + [0, 0x40] + blocks)
        #expect(one.scale == 0.375 && none == nil)
        // A scale of 0 makes a block of zeros of any.
        let (whole, alsoNone) = try matrix(blocks + blocks.prefix(64) + [0, 0] + blocks + blocks)
        #expect(whole.scale == 0.375 && alsoNone == nil && (256..<512).allSatisfy { whole[0, $0] == 0 })
        let (_, rows) = try matrix(blocks + blocks + blocks.prefix(64) + [0, 0x40] + zeros + [0, 0])
        #expect(rows?.isPerRow == true && rows?.values == [0.375, 2])
        let (all, nothing) = try matrix((0..<4).flatMap { _ in zeros + [0, 0] })
        #expect(nothing == nil && all.words.allSatisfy { $0 == TernaryMatrix.zeroWord })
    }
}

extension GGUFFile {
    /// A file of which only metadata and the table of tensors matter.
    init(architecture: String, metadata: [String: GGUFValue], tensors: [Tensor]) {
        self.init(
            file: InputFile(UnsafeRawBufferPointer(start: nil, count: 0), name: "m"), architecture: architecture,
            metadata: metadata, tensors: Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) }), dataOffset: 0)
    }
}
