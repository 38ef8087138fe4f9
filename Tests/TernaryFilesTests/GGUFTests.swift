import Testing

@testable import TernaryCore
@testable import TernaryFiles

@Suite("GGUF")
struct GGUFTests {
    /// A tiny checkpoint's file and what it holds.
    static func converted(
        _ checkpoint: TinyCheckpoint = TinyCheckpoint(), _ type: TernaryBlockType = .tq2_0, _ embedding: EmbeddingFormat = .common
    ) throws -> (bytes: [UInt8], weights: MatMulFreeWeights) {
        let scratch = try Scratch()
        try checkpoint.write(to: scratch)
        try convert(from: scratch.path, to: scratch.path + "/m.gguf", type: type, embedding: embedding)
        return (try scratch.read("m.gguf"), try Checkpoint.open(scratch.path).weights())
    }

    static func weights(_ bytes: [UInt8]) throws -> MatMulFreeWeights {
        try bytes.withUnsafeBytes { try Checkpoint.open($0, name: "m.gguf").weights() }
    }

    @Test("a converted model equals its source", arguments: [TernaryBlockType.tq1_0, .tq2_0], EmbeddingFormat.allCases)
    func roundTrip(type: TernaryBlockType, format: EmbeddingFormat) throws {
        // In turn exact in binary16, in bfloat16 and in neither.
        let scales: [(Float, EmbeddingTable.Element)] = [(1, .float16), (0x1p-30, .bfloat16), (1 / 3, .float32)]
        for (index, (scale, element)) in scales.enumerated() {
            // 300 and 28 are no multiples of 256, 512 is one.
            let checkpoint = TinyCheckpoint(
                hidden: [20, 300, 512][index], layers: index + 1, tied: index == 1, embedding: { $0 * scale })
            let (bytes, weights) = try Self.converted(checkpoint, type, format)
            #expect(weights.embedding.element == element)
            #expect(try Self.weights(bytes) == weights)
        }
    }

    @Test("a GGUF file converts to the other block type and back to the same bytes")
    func again() throws {
        let scratch = try Scratch()
        let (bytes, weights) = try Self.converted()
        try scratch.write("a.gguf", bytes)
        try convert(from: scratch.path + "/a.gguf", to: scratch.path + "/b.gguf", type: .tq1_0)
        #expect(try Checkpoint.open(scratch.path + "/b.gguf").weights() == weights)
        try convert(from: scratch.path + "/b.gguf", to: scratch.path + "/b.gguf", type: .tq2_0)
        #expect(try scratch.read("b.gguf") == bytes)
    }

    @Test("every block code comes back", arguments: [GGUFTensorType.tq1, .tq2])
    func blocks(type: GGUFTensorType) {
        var random = SplitMix64(seed: 5)
        for columns in [1, 16, 255, 256, 257, 700] {
            let trits = (0..<7 * columns).map { _ in Int8(random.next() % 3) - 1 }
            let matrix = TernaryMatrix(rows: 7, columns: columns, scale: 0.5, trits: trits)
            let bytes = matrix.blocks(type, rows: 0..<7)
            #expect(TernaryMatrix(blocks: bytes, type, rows: 7, columns: columns, scale: 0.5) == matrix)
            #expect(matrix.blocks(type, rows: 3..<5) == Array(bytes[bytes.count / 7 * 3..<bytes.count / 7 * 5]))
        }
    }

    @Test("blocks are read in parts by several threads, and what reading meets is thrown", arguments: [GGUFTensorType.tq1, .tq2])
    func parts(type: GGUFTensorType) throws {
        struct Unreadable: Error {}
        var random = SplitMix64(seed: 6)
        // Three parts, the last of them with rows that end inside a tile.
        let (rows, columns) = (1539, 500)
        let matrix = TernaryMatrix(
            rows: rows, columns: columns, scale: 1, trits: (0..<rows * columns).map { _ in Int8(random.next() % 3) - 1 })
        var bytes = matrix.blocks(type, rows: 0..<rows)
        let rowBytes = bytes.count / rows
        func read(_ bytes: [UInt8], failingFrom limit: Int = .max) throws -> TernaryMatrix? {
            try TernaryMatrix(type, rows: rows, columns: columns, scale: 1) { target, row in
                if row >= limit { throw Unreadable() }
                target.copyBytes(from: bytes[row * rowBytes..<row * rowBytes + target.count])
            }
        }
        #expect(try read(bytes) == matrix)
        #expect(throws: Unreadable.self) { try read(bytes, failingFrom: 1) }
        bytes[bytes.count - 1] ^= 1
        #expect(try read(bytes) == nil)
    }

    @Test("random weights are written part by part and read back the same", arguments: [TernaryBlockType.tq1_0, .tq2_0])
    func random(type: TernaryBlockType) throws {
        let scratch = try Scratch()
        let shape = MatMulFreeConfiguration(
            vocabularySize: 21, hiddenSize: 33, stateSize: 33, intermediateSize: 50, layerCount: 3)
        let path = scratch.path + "/random.gguf"
        try RandomWeights(shape, seed: 3).write(toGGUF: path, name: "random", tokenizer: nil, type: type)
        let checkpoint = try Checkpoint.open(path)
        #expect(try checkpoint.weights() == .random(configuration: shape, seed: 3))
        #expect(checkpoint.name == "random" && !checkpoint.hasTokenizer)
    }

    @Test("refuses block scales other than 1, codes of no trit, padding that is not zero")
    func badBlocks() {
        let matrix = TernaryMatrix(rows: 1, columns: 250, scale: 1, trits: Array(repeating: 1, count: 250))
        let good = matrix.blocks(.tq2, rows: 0..<1)
        for (index, byte) in [(65, 0x3D), (64, 1), (0, 0xFF), (63, 0xAA)] as [(Int, UInt8)] {
            var bytes = good
            bytes[index] = byte
            #expect(TernaryMatrix(blocks: bytes, .tq2, rows: 1, columns: 250, scale: 1) == nil, "byte \(index)")
        }
    }

    @Test("refuses every truncation in one line")
    func truncations() throws {
        let (bytes, _) = try Self.converted()
        for count in stride(from: 0, to: bytes.count - 31, by: 7) {
            let problem = message { _ = try Self.weights(Array(bytes.prefix(count))) }
            #expect(problem?.hasPrefix("m.gguf: ") == true && problem?.contains("\n") == false, "\(count) bytes")
        }
    }

    @Test("neither crashes nor reads nonsense when bytes change")
    func mutations() throws {
        let (bytes, weights) = try Self.converted()
        var random = SplitMix64(seed: 11)
        for _ in 0..<300 {
            var changed = bytes
            // Metadata and table of tensors take about the first 4,000 bytes.
            for _ in 0...random.next() % 3 { changed[Int(random.next() % 4000)] = UInt8(truncatingIfNeeded: random.next()) }
            if let read = try? Self.weights(changed) {
                #expect(read.configuration.hiddenSize == weights.configuration.hiddenSize)
            }
        }
    }

    @Test(
        "refuses a damaged head",
        arguments: [
            ("GGUF", "GGUX", "neither"), ("GGUF\u{3}", "GGUF\u{1}", "version 1"),
            ("hgrn-bit\u{c}", "hgrn-bot\u{c}", "not supported"),
            ("hgrn-bit.vocab_size", "hgrn-bit.vocab_sizf", "vocab_size: is missing"),
            ("hgrn-bit.vocab_size", "hgrn-bit.block_coun", "missing"), ("blk.0.attn_i.scale", "blk.0.attn_i.scald", "missing"),
            ("blk.0.attn_i.scale", "blk.0.attn_f.scale", "twice"),
        ])
    func head(from: String, to: String, reason: String) throws {
        var (bytes, _) = try Self.converted()
        let wanted = Array(from.utf8)
        // "hgrn-bit\u{c}" stands for the architecture's value: the first place is the right one.
        let search = wanted.last == 0xC ? Array(wanted.dropLast()) : wanted
        let at = try #require((0..<4000).first { bytes[$0..<$0 + search.count].elementsEqual(search) })
        bytes.replaceSubrange(at..<at + search.count, with: Array(to.utf8).prefix(search.count))
        let scratch = try Scratch()
        try scratch.write("m", bytes)
        let problem = message { _ = try Checkpoint.open(scratch.path + "/m") }
        #expect(problem?.contains(reason) == true, "\(problem ?? "none")")
    }

    @Test("refuses bounds, scales and norms that no model has")
    func values() throws {
        let (bytes, _) = try Self.converted()
        let tensors = try bytes.withUnsafeBytes {
            try GGUFFile(InputFile($0, name: "m"), architectures: [MatMulFreeGGUF.architecture]).tensors
        }
        for (name, value, reason) in [
            ("blk.1.attn_f.lower_bound", Float(1.5), "outside 0...1"), ("output.scale", 0, "not a positive"),
            ("output.scale", .nan, "element 0 is not a finite"), ("blk.0.ffn_up.scale", 3, "differs"),
            ("blk.0.attn_norm.weight", -.infinity, "element 0 is not a finite"),
        ] {
            var changed = bytes
            let offset = try #require(tensors[name]).offset
            changed.replaceSubrange(offset..<offset + 4, with: TinyTensor("", [], [value]).bytes)
            let problem = message { _ = try Self.weights(changed) }
            #expect(problem?.contains(name) == true && problem?.contains(reason) == true, "\(problem ?? "none")")
        }
    }

    @Test("carries a tokenizer whole")
    func tokenizer() throws {
        var vocabulary = TokenizerVocabulary()
        vocabulary.tokens = ["<unk>", "<s>", "</s>", "a", "é", "\u{2581}b"].map { Array($0.utf8) }
        vocabulary.scores = [0, 0, 0, -1, -2.5, -3]
        vocabulary.types = [2, 3, 3, 1, 1, 1]
        (vocabulary.beginToken, vocabulary.endToken, vocabulary.unknownToken) = (1, 2, 0)
        (vocabulary.addsEndToken, vocabulary.addsSpacePrefix, vocabulary.escapesWhitespaces) = (true, false, false)
        vocabulary.merges = [Array("a b".utf8)]
        (vocabulary.precompiledCharsmap, vocabulary.pipeline) = ([0, 255, 7], Array("{}".utf8))
        let values = Dictionary(uniqueKeysWithValues: vocabulary.metadata.map { ($0.key, $0.value) })
        #expect(try TokenizerVocabulary(values, path: "m") == vocabulary)
        #expect(try TokenizerVocabulary([:], path: "m") == nil)
        for (key, value) in [
            ("tokenizer.ggml.model", GGUFValue.text("bert")), ("tokenizer.ggml.tokens", .floats([1])),
            ("tokenizer.ggml.add_bos_token", .uint8(1)), ("tokenizer.ggml.bos_token_id", .text("1")),
        ] {
            let changed = values.merging([key: value]) { $1 }
            #expect(message { _ = try TokenizerVocabulary(changed, path: "m") }?.contains(key) == true)
        }
    }

    @Test(
        "the gguf package reads our blocks as our trits", .enabled("needs python3 with gguf") { Python.has("gguf") },
        arguments: [TernaryBlockType.tq1_0, .tq2_0])
    func gguf(type: TernaryBlockType) throws {
        let scratch = try Scratch()
        let (bytes, weights) = try Self.converted(TinyCheckpoint(hidden: 300), type)
        try scratch.write("m.gguf", bytes)
        let script = """
            import sys, gguf, numpy as np
            r = gguf.GGUFReader(sys.argv[1]); t = {x.name: x for x in r.tensors}
            def dense(n): return gguf.quants.dequantize(t[n].data, t[n].tensor_type)
            w = dense('blk.1.attn_g.weight'); assert (w[:, 300:] == 0).all() and w.shape == (300, 512)
            open(sys.argv[2], 'wb').write(w[:, :300].astype(np.int8).tobytes())
            assert t['token_embd.weight'].data.astype(np.float32).shape == (10, 300)
            print(r.fields['general.architecture'].contents(), float(t['blk.1.attn_g.scale'].data[0]))
            """
        let result = try Python.run(["-c", script, scratch.path + "/m.gguf", scratch.path + "/trits"])
        let matrix = weights.layers[1].gate.matrix
        #expect(result.output == "hgrn-bit \(Double(matrix.scale))\n")
        #expect(try scratch.read("trits").map { Int8(bitPattern: $0) } == TernarizerTests.trits(matrix))
    }
}
