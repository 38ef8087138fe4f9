import Testing

@testable import TernaryCore
@testable import TernaryFiles

@Suite("transformers as GGUF")
struct TransformerConversionTests {
    @Test("come back as they were, matrices of every kind", arguments: TinyGGUF.Kind.allCases)
    func kinds(kind: TinyGGUF.Kind) throws {
        // Every kind as a projection, as an embedding and as a head.
        let weights = TinyGGUF.weights(kind, embedding: kind, head: kind)
        for type in TernaryBlockType.allCases {
            let bytes = try TinyGGUF.file(weights, type: type)
            #expect(try TinyGGUF.read(bytes) == weights)
            // Where there are no such blocks the other type changes nothing.
            guard [.oneScale, .rowScales, .groups256].contains(kind) else { break }
        }
    }

    @Test("have the type of each matrix that holds it")
    func types() throws {
        let expected: [TinyGGUF.Kind: (String, String)] = [
            .oneScale: ("TQ2_0", "TQ1_0"), .oneFullScale: ("I2_S", "I2_S"), .rowScales: ("TQ2_0", "TQ1_0"),
            .groups256: ("TQ2_0", "TQ1_0"), .groups128: ("Q2_0", "Q2_0"), .groups64: ("Q2_0", "Q2_0"), .q8_0: ("Q8_0", "Q8_0"),
            .q4_0: ("Q4_0", "Q4_0"), .q6_K: ("Q6_K", "Q6_K"), .bfloat16: ("BF16", "BF16"),
        ]
        for (kind, names) in expected {
            let halved: [TinyGGUF.Kind: String] = [.oneScale: "I2_S"]
            for (type, name) in [(TernaryBlockType.tq2_0, names.0), (.tq1_0, names.1), (.i2_s, halved[kind] ?? names.0)] {
                try TinyGGUF.open(TinyGGUF.file(TinyGGUF.weights(kind), type: type)) {
                    #expect($0.file.tensors["blk.1.ffn_down.weight"]?.type.name == name)
                }
            }
        }
    }

    @Test("of random weights with scales of binary16 take the type that is asked for")
    func random() throws {
        let preset = TransformerPreset(
            TransformerConfiguration(
                vocabularySize: 31, hiddenSize: 256, intermediateSize: 512, layerCount: 1, headCount: 4, keyValueHeadCount: 2,
                headSize: 64, normEpsilon: 1e-5, rotation: RotaryEmbedding(theta: 1e4), activation: .silu, tiesEmbeddings: true),
            hasSubNorms: true, embedding: .float16)
        let source = RandomTransformerWeights(preset, seed: 1, hasHalfScales: true)
        let scratch = try Scratch()
        for (type, name) in [(TernaryBlockType.tq2_0, "TQ2_0"), (.tq1_0, "TQ1_0"), (.i2_s, "I2_S")] {
            let path = scratch.path + "/\(name).gguf"
            try source.write(toGGUF: path, name: "tiny", tokenizer: nil, type: type)
            let checkpoint = try Checkpoint.open(path)
            #expect(checkpoint.format.contains(name) && !checkpoint.hasTokenizer)
            #expect(try TinyGGUF.read(scratch.read("\(name).gguf")) == TransformerWeights(source))
        }
    }

    @Test(
        "have the architecture whose readers compute the same, and come back from it with norms and biases",
        arguments: [
            ("bitnet-b1.58", TransformerConfiguration.Activation.squaredReLU, true, false),
            ("bitnet-b1.58", .squaredReLU, false, false), ("bitnet", .silu, true, false), ("llama", .silu, false, false),
            ("qwen3", .silu, false, true),
        ])
    func architectures(name: String, activation: TransformerConfiguration.Activation, subNorms: Bool, headNorms: Bool) throws {
        for (kind, quantizes) in [(TinyGGUF.Kind.oneScale, true), (.oneFullScale, false), (.bfloat16, true)] {
            let weights = TinyGGUF.weights(
                kind, activation: activation, subNorms: subNorms, headNorms: headNorms, biases: true,
                quantizesActivations: quantizes)
            let bytes = try TinyGGUF.file(weights)
            try TinyGGUF.open(bytes) {
                #expect($0.architecture == name && $0.file.name == "tiny" && $0.notices.isEmpty)
            }
            #expect(try TinyGGUF.read(bytes) == weights)
        }
    }

    @Test(
        "keep how positions turn",
        arguments: [
            RotaryEmbedding.Scaling.linear(factor: 4),
            .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 32),
            .yarn(
                factor: 4, betaFast: 32, betaSlow: 1, attentionFactor: 1.1386, originalContext: 64, truncates: true),
            .divided((0..<32).map { 1 + Float($0) / 7 }),
        ])
    func rotations(scaling: RotaryEmbedding.Scaling) throws {
        let weights = TinyGGUF.weights(.oneScale, rotation: RotaryEmbedding(theta: 500_000, scaling: scaling))
        #expect(try TinyGGUF.read(TinyGGUF.file(weights)) == weights)
    }

    @Test("store a llama's query and key rows as pairs of neighbours, with their biases")
    func permutation() throws {
        var weights = TinyGGUF.weights(.float32, biases: true)
        // Row by row its own number, in matrix and bias.
        let numbers = (0..<256).map { Float($0) }
        weights.layers[0].query = Projection(
            .dense(
                DenseMatrix(
                    rows: 256, columns: 256, element: .float32,
                    bytes: TinyTensor("", [], numbers.flatMap { [Float](repeating: $0, count: 256) }).bytes)),
            bias: numbers)
        let bytes = try TinyGGUF.file(weights)
        try TinyGGUF.open(bytes) { model in
            let stored = try model.matrix("blk.0.attn_q.weight", rows: 256, columns: 256)
            // Heads are 64 wide.
            let first = (0..<256).map { stored.row($0)[0] }
            #expect(first[..<6] == [0, 32, 1, 33, 2, 34] && first[64..<68] == [64, 96, 65, 97])
            #expect(try model.file.vector("blk.0.attn_q.bias", count: 256) == first)
        }
        #expect(try TinyGGUF.read(bytes) == weights)
    }

    @Test("become the same file again when they come from one")
    func again() throws {
        let scratch = try Scratch()
        let weights = TinyGGUF.weights(.rowScales, embedding: .q6_K, head: .q8_0, biases: true)
        try scratch.write("a.gguf", try TinyGGUF.file(weights))
        let first = try TinyGGUF.open(InputFile(scratch.path + "/a.gguf"))
        var shares: [Double] = []
        try first.write(toGGUF: scratch.path + "/b.gguf", name: "tiny", tokenizer: nil) {
            shares.append(Double($0) / Double($1))
        }
        #expect(try scratch.read("a.gguf") == scratch.read("b.gguf"))
        #expect(shares.first == 0 && shares.last == 1 && shares == shares.sorted() && shares.count == 7)
    }

    @Test("round a head to Q8_0 only when told to", arguments: [true, false])
    func head(isTied: Bool) throws {
        let weights = TinyGGUF.weights(.oneScale, embedding: .bfloat16, head: isTied ? nil : .bfloat16)
        let read = try TinyGGUF.read(TinyGGUF.file(weights, quantizesHead: true))
        func element(_ matrix: LinearMatrix) -> DenseMatrix.Element? {
            guard case .dense(let dense) = matrix else { return nil }
            return dense.element
        }
        #expect(element(read.embedding) == (isTied ? .scaledInt8 : .bfloat16))
        #expect(read.head.map { element($0.matrix) } == (isTied ? nil : .some(.scaledInt8)))
        #expect(read.layers == weights.layers)
        let ternary = TinyGGUF.weights(.groups128, embedding: .groups128)
        #expect(
            message { _ = try TinyGGUF.file(ternary, quantizesHead: true) }?.contains("token_embd.weight: cannot be")
                == true)
    }

    @Test("are refused where GGUF has no place for something, and nothing is written")
    func unwritable() throws {
        func refused(_ reason: String, _ change: (inout TransformerWeights) -> Void) throws {
            var weights = TinyGGUF.weights(.oneScale)
            change(&weights)
            let scratch = try Scratch()
            let problem = message { try weights.write(toGGUF: scratch.path + "/m", name: "", tokenizer: nil) }
            #expect(problem?.contains(reason) == true, "\(problem ?? "none")")
            #expect(!fileExists(scratch.path + "/m"))
        }
        func matrix(_ scales: GroupScales?, columns: Int = 256) -> Projection {
            Projection(
                .ternary(
                    TernaryMatrix(rows: 256, columns: columns, scale: 1, trits: [Int8](repeating: 1, count: 256 * columns)),
                    scales))
        }
        try refused("blk.1.attn_output: has a norm of its own input") {
            $0.layers[1].output.norm = ([Float](repeating: 1, count: 256), 1e-6)
        }
        try refused("blk.0.attn_q.weight: its scales are no binary16") {
            $0.layers[0].query = matrix(
                GroupScales(rows: 256, columns: 256, groupColumns: 256, values: .init(repeating: 0.3, count: 256)))
        }
        try refused("groups of 32 in rows of 256 are no multiple of 64") {
            $0.layers[0].query = matrix(
                GroupScales(rows: 256, columns: 256, groupColumns: 32, values: .init(repeating: 1, count: 2048)))
        }
        try refused("rows of 200 are no multiple of 128") { $0.layers[0].query = matrix(nil, columns: 200) }
        try refused("no type of GGUF holds its scales") {
            $0.embedding = .dense(
                DenseMatrix(
                    rows: 21, columns: 256, groupColumns: 32, codes: .init(repeating: 1, count: 21 * 256),
                    scales: .init(repeating: 0.3, count: 21 * 8)))
        }
        try refused("norms of heads beside sub-norms") {
            for layer in 0..<2 {
                $0.layers[layer].queryNorm = .init(repeating: 1, count: 64)
                $0.layers[layer].attentionSubNorm = .init(repeating: 1, count: 256)
            }
        }
        try refused("YaRN whose ramp") {
            $0.configuration.rotation.scaling = .yarn(
                factor: 4, betaFast: 32, betaSlow: 1, attentionFactor: 1, originalContext: 64, truncates: false)
        }
    }

    @Test("open in the gguf package", .enabled("needs python3 with gguf") { Python.has("gguf") })
    func gguf() throws {
        let scratch = try Scratch()
        let weights = TinyGGUF.weights(.rowScales, embedding: .q6_K, head: .q8_0, biases: true)
        try scratch.write("m.gguf", try TinyGGUF.file(weights))
        let script = """
            import sys, gguf, numpy as np
            r = gguf.GGUFReader(sys.argv[1]); t = {x.name: x for x in r.tensors}
            def dense(n): return gguf.quants.dequantize(t[n].data, t[n].tensor_type).astype(np.float32)
            q = dense('blk.1.attn_q.weight').reshape(4, 32, 2, 256).swapaxes(1, 2).reshape(256, 256)
            for name, x in (('q', q), ('down', dense('blk.1.ffn_down.weight')), ('embedding', dense('token_embd.weight')), ('head', dense('output.weight'))):
                open(f'{sys.argv[2]}/{name}', 'wb').write((x + 0).tobytes())
            print(r.fields['general.architecture'].contents(), r.fields['llama.attention.key_length'].contents(), t['blk.0.attn_q.bias'].data.shape)
            """
        let result = try Python.run(["-c", script, scratch.path + "/m.gguf", scratch.path])
        #expect(result.output == "llama 64 (256,)\n")
        let layer = weights.layers[1]
        let matrices = [
            ("q", layer.query.matrix), ("down", layer.down.matrix), ("embedding", weights.embedding),
            ("head", weights.head!.matrix),
        ]
        for (name, matrix) in matrices {
            let values = (0..<matrix.rows).flatMap { matrix.row($0) }.map { $0 == 0 ? 0 : $0 }
            #expect(try scratch.read(name) == TinyTensor("", [], values).bytes, "\(name)")
        }
    }
}
