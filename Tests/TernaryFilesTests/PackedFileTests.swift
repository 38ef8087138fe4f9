import Testing

@testable import TernaryCore
@testable import TernaryFiles

@Suite("GGUF files that are used where they lie")
struct PackedFileTests {
    private static func transformer(_ path: String, maps: Bool) throws -> TransformerWeights {
        guard case .transformer(let source) = try Checkpoint.open(path, maps: maps).weightSource else {
            throw FileError(path, "is no transformer")
        }
        return try TransformerWeights(source)
    }

    @Test("hold matrices of every kind, mapped or copied", arguments: TinyGGUF.Kind.allCases)
    func kinds(kind: TinyGGUF.Kind) throws {
        let weights = TinyGGUF.weights(kind, embedding: kind, head: kind, biases: true)
        let scratch = try Scratch()
        try scratch.write("m.gguf", try TinyGGUF.file(weights, type: .t2))
        let path = scratch.path + "/m.gguf"
        let (mapped, copied) = (try Self.transformer(path, maps: true), try Self.transformer(path, maps: false))
        #expect(mapped == weights && copied == weights)
        // All but scales, which are few.
        let matrices = [weights.embedding, weights.head!.matrix] + weights.layers.flatMap { $0.projections.map(\.matrix) }
        let stored = matrices.reduce(0) {
            switch $1 {
            case .ternary(let matrix, _): $0 + matrix.byteCount
            case .dense(let matrix): $0 + matrix.bytes.count
            }
        }
        #expect(mapped.mappedByteCount == stored && copied.mappedByteCount == 0)
        #expect(try Checkpoint.open(path).format.contains("T2"))
    }

    @Test("hold shapes and scales that no other type holds")
    func shapes() throws {
        let preset = TransformerPreset(
            TransformerConfiguration(
                vocabularySize: 31, hiddenSize: 45, intermediateSize: 70, layerCount: 2, headCount: 4, keyValueHeadCount: 2,
                headSize: 10, normEpsilon: 1e-5, rotation: RotaryEmbedding(theta: 1e4), activation: .silu, tiesEmbeddings: false),
            hasSubNorms: true, embedding: .bfloat16)
        let source = RandomTransformerWeights(preset, seed: 5)
        let scratch = try Scratch()
        let path = scratch.path + "/m.gguf"
        try source.write(toGGUF: path, name: "odd", tokenizer: nil, type: .t2)
        #expect(try Self.transformer(path, maps: true) == TransformerWeights(source))
    }

    @Test("convert to and from other types without a change")
    func conversion() throws {
        let scratch = try Scratch()
        let weights = TinyGGUF.weights(.rowScales, embedding: .q6_K, head: .q8_0, biases: true)
        try scratch.write("a.gguf", try TinyGGUF.file(weights))
        try convert(from: scratch.path + "/a.gguf", to: scratch.path + "/b.gguf", type: .t2)
        try convert(from: scratch.path + "/b.gguf", to: scratch.path + "/c.gguf", type: .tq2_0)
        #expect(try scratch.read("c.gguf") == scratch.read("a.gguf"))
    }

    @Test("hold MatMul-free models, mapped or copied", arguments: [20, 300, 512])
    func matMulFree(hidden: Int) throws {
        let scratch = try Scratch()
        // In turn exact in binary16, in bfloat16 and in neither.
        let scale: Float = [20: 1, 300: 0x1p-30, 512: 1 / 3][hidden]!
        try TinyCheckpoint(hidden: hidden, embedding: { $0 * scale }).write(to: scratch)
        let path = scratch.path + "/m.gguf"
        try convert(from: scratch.path, to: path, type: .t2)
        let expected = try Checkpoint.open(scratch.path).weights()
        let (mapped, copied) = (try Checkpoint.open(path).weights(), try Checkpoint.open(path, maps: false).weights())
        #expect(mapped == expected && copied == expected)
        #expect(mapped.mappedByteCount == expected.ternaryByteCount + expected.embedding.bytes.count)
        #expect(copied.mappedByteCount == 0)
        try convert(from: path, to: scratch.path + "/tq.gguf", type: .tq2_0)
        try convert(from: scratch.path, to: scratch.path + "/direct.gguf", type: .tq2_0)
        #expect(try Checkpoint.open(scratch.path + "/tq.gguf").weights() == expected)
    }

    @Test("stay in memory when the file is replaced, and are copied before they are changed")
    func replaced() throws {
        let scratch = try Scratch()
        let weights = TinyGGUF.weights(.oneFullScale)
        let path = scratch.path + "/m.gguf"
        try scratch.write("m.gguf", try TinyGGUF.file(weights, type: .t2))
        let bytes = try scratch.read("m.gguf")
        var mapped = try Self.transformer(path, maps: true)
        guard case .ternary(var matrix, nil) = mapped.layers[0].query.matrix else {
            return #expect(Bool(false), "no matrix of one scale")
        }
        let first = matrix.words[0]
        matrix.words[0] = ~first
        #expect(mapped == weights && !matrix.words.isMapped)
        mapped.layers[0].query.matrix = .ternary(matrix, nil)
        #expect(try scratch.read("m.gguf") == bytes)
        try convert(from: path, to: path, type: .tq2_0)
        #expect(mapped.layers[1] == weights.layers[1])
    }

    @Test("floats of other files are used where they lie too", arguments: [true, false])
    func floats(maps: Bool) throws {
        let scratch = try Scratch()
        let weights = TinyGGUF.weights(.oneScale, embedding: .float16)
        try scratch.write("m.gguf", try TinyGGUF.file(weights))
        let read = try Self.transformer(scratch.path + "/m.gguf", maps: maps)
        #expect(read == weights && read.mappedByteCount == (maps ? weights.embedding.byteCount : 0))
        let checkpoint = TinyCheckpoint(type: "F16")
        try checkpoint.write(to: scratch)
        let embedding = try Checkpoint.open(scratch.path, maps: maps).weights().embedding
        #expect(embedding.bytes.isMapped == maps)
    }

    // MARK: Damaged files

    private static func file(_ kind: TinyGGUF.Kind = .oneScale) throws -> GGUFTransformerTests.File {
        try GGUFTransformerTests.File(TinyGGUF.weights(kind), type: .t2)
    }

    @Test("are refused with codes, padding, shapes or scales that they cannot have")
    func damaged() throws {
        let name = "blk.1.ffn_up.weight"
        func expect(_ reason: String, _ kind: TinyGGUF.Kind = .oneScale, _ change: (inout GGUFTransformerTests.File) -> Void)
            throws
        {
            var file = try Self.file(kind)
            change(&file)
            GGUFTransformerErrorTests.expect(file, reason)
        }
        func data(_ file: GGUFTransformerTests.File, _ name: String) -> [UInt8] {
            file.tensors.first { $0.description.name == name }!.data
        }
        // Row 5 is the second of the second row of tiles, each of 16 tiles.
        try expect("\(name): row 5: a code is no trit's") {
            var bytes = data($0, name)
            bytes[(16 * 4 + 1) * 4] |= 0x30
            $0.replace(name, .int32, [64, 64], bytes)
        }
        try expect("\(name): is [32, 128], expected [64, 64]") { $0.replace(name, .int32, [32, 128], data($0, name)) }
        try expect("\(name): is [256, 16], expected [256, 256]") {
            $0.replace(name, .int8, [256, 16], Array(repeating: 0, count: 4096))
        }
        try expect("blk.1.ffn_up.scales: the tensor is missing") {
            $0.replace(name, .int8, [256, 256], Array(repeating: 0, count: 1 << 16))
            $0.tensors.removeAll { $0.description.name == "blk.1.ffn_up.scale" }
        }
        try expect("blk.1.ffn_up.scale: the tensor is missing") {
            $0.tensors.removeAll { $0.description.name == "blk.1.ffn_up.scale" }
        }
        try expect("blk.1.ffn_up.scale: stands beside", .rowScales) { $0.append("blk.1.ffn_up.scale", [1]) }
        try expect("blk.1.ffn_up.scales: is F32 of [3, 256], no scales", .rowScales) {
            $0.replace("blk.1.ffn_up.scales", .float32, [3, 256], Array(repeating: 0, count: 4 * 3 * 256))
        }
        try expect("blk.1.ffn_up.scales: element 1 is not a finite number", .rowScales) {
            var bytes = data($0, "blk.1.ffn_up.scales")
            bytes.replaceSubrange(4..<8, with: [0, 0, 0x80, 0x7F])
            $0.replace("blk.1.ffn_up.scales", .float32, [1, 256], bytes)
        }
        try expect("token_embd.scale: is not a tensor of") { $0.append("token_embd.scale", [1]) }
        try expect("vkternary.layout: is not \"t2\"") { $0["vkternary.layout"] = .text("t3") }
        try expect("has tensor type 26 (I32)") { $0["vkternary.layout"] = nil }
    }

    @Test("have zeros beyond the last row and column")
    func padding() {
        // 6 rows and 20 columns: two tiles by two, eight words a row of tiles.
        let matrix = TernaryMatrix(rows: 6, columns: 20, scale: 1)
        func fault(_ index: Int, _ bits: UInt32, allowsTwos: Bool = false) -> TernaryMatrix.WordFault? {
            var words = matrix.words
            words[index] ^= bits
            return TernaryMatrix.fault(in: words, rows: 6, columns: 20, allowsTwos: allowsTwos)
        }
        #expect(fault(0, 0) == nil)
        // Columns 16 to 19 are bits 0, 8, 16 and 24 and the ones above; the next is bit 2.
        #expect(fault(4, 0x0101_0101) == nil && fault(4, 4) == .padding && fault(4, 4, allowsTwos: true) == .padding)
        #expect(fault(8 + 1, 1) == nil && fault(8 + 2, 1) == .padding && fault(8 + 7, 2) == .padding)
        #expect(fault(8, 2) == .code(row: 4) && fault(3, 8) == .code(row: 3) && fault(3, 8, allowsTwos: true) == nil)
    }

    @Test("are copied where tensors are not aligned", arguments: [1, 2, 4])
    func alignment(alignment: Int) throws {
        let weights = TinyGGUF.weights(.oneScale)
        var file = try Self.file()
        file["general.alignment"] = .uint32(UInt32(alignment))
        // So that data begins at an odd byte.
        file["vkternary.spare"] = .text("x")
        let scratch = try Scratch()
        try scratch.write("m.gguf", try file.bytes())
        let read = try Self.transformer(scratch.path + "/m.gguf", maps: true)
        #expect(read == weights && (read.mappedByteCount == 0) == (alignment == 1))
    }

    @Test("are refused when they end early", arguments: [true, false])
    func truncated(maps: Bool) throws {
        let scratch = try Scratch()
        let bytes = try TinyGGUF.file(TinyGGUF.weights(.oneScale), type: .t2)
        try scratch.write("m.gguf", Array(bytes.dropLast(5000)))
        let problem = message { _ = try Self.transformer(scratch.path + "/m.gguf", maps: maps) }
        #expect(problem?.contains("m.gguf: blk.1.ffn_down.") == true, "\(problem ?? "none")")
    }

    @Test("a file of no bytes, and what cannot be mapped, is as without a mapping")
    func unmappable() throws {
        let scratch = try Scratch()
        try scratch.write("empty", [])
        #expect(try InputFile(scratch.path + "/empty", maps: true).numbers(UInt8.self, at: 0, count: 0).isEmpty)
        let file = try InputFile(scratch.path + "/empty", maps: true)
        #expect(message { _ = try file.numbers(UInt32.self, at: 0, count: 1) }?.contains("1 numbers are wanted") == true)
        #expect(message { _ = try file.numbers(UInt32.self, at: 0, count: .max) } != nil)
    }
}
