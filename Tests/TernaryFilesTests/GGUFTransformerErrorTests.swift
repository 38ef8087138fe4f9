import Testing

@testable import TernaryCore
@testable import TernaryFiles

@Suite("damaged transformers in GGUF")
struct GGUFTransformerErrorTests {
    typealias File = GGUFTransformerTests.File

    static func expect(_ file: File, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let problem = file.problem()
        #expect(
            problem.hasPrefix("m.gguf: ") && problem.contains(reason) && !problem.contains("\n"), "\(problem)",
            sourceLocation: sourceLocation)
    }

    @Test(
        "refuses metadata that no model has",
        arguments: [
            ("general.architecture", GGUFValue.text("gpt2"), "\"gpt2\" is not supported; \"bitnet-b1.58\", "),
            ("llama.block_count", .uint32(0), "whole number in 1..."), ("llama.block_count", .uint32(3), "blk.2."),
            ("llama.block_count", .uint32(4000), "only"),
            ("llama.embedding_length", .uint32(128), "output_norm.weight: is [256], expected [128]"),
            ("llama.embedding_length", .text("256"), "whole number"),
            ("llama.feed_forward_length", .uint32(128), "ffn_gate.weight: is"),
            ("llama.attention.head_count", .uint32(3), "attn_q.weight: is [256, 256], expected [256, 192]"),
            ("llama.attention.head_count", .uint32(0), "whole number"),
            ("llama.attention.head_count_kv", .integers([1, 2]), "differs from layer"),
            ("llama.attention.head_count_kv", .uint32(3), "does not divide"),
            ("llama.attention.key_length", .uint32(63), "it is odd"),
            ("llama.attention.value_length", .uint32(32), "must be the same"),
            ("llama.rope.dimension_count", .uint32(32), "must be the same"),
            ("llama.attention.layer_norm_rms_epsilon", .float32(.nan), "a number in"),
            ("llama.rope.freq_base", .float32(0), "a number in"),
            ("llama.rope.scaling.type", .text("longrope"), "none, linear and yarn"),
            ("llama.rope.scaling.type", .text("yarn"), "rope.scaling.factor: is missing"),
            ("llama.vocab_size", .uint32(22), "has 21 rows"),
            ("llama.context_length", .uint32(0), "whole number"),
            ("tokenizer.ggml.bos_token_id", .uint32(21), "whole number in 0...20"),
            ("tokenizer.ggml.tokens", .strings(Array(repeating: [65], count: 22)), "only 21 rows"),
            ("vkternary.activations", .text("int4"), "neither"),
            ("vkternary.end_token_ids", .integers([21]), "token ids below 21"),
            ("vkternary.rope.llama3", .floats([1, 2, 3]), "none"), ("general.alignment", .uint32(24), "power of two"),
        ])
    func metadata(key: String, value: GGUFValue, reason: String) throws {
        var file = try File(TinyGGUF.weights(.oneScale))
        file[key] = value
        if reason == "none" {
            // Without divisors the key means nothing.
            #expect(file.problem() == "none")
        } else {
            Self.expect(file, reason)
        }
    }

    @Test("refuses tensors that are missing, unknown, of another shape, or not finite")
    func tensors() throws {
        let whole = try File(TinyGGUF.weights(.oneScale, embedding: .q8_0, head: .float16))
        func expect(_ reason: String, _ change: (inout File) -> Void) {
            var file = whole
            change(&file)
            Self.expect(file, reason)
        }
        func data(_ file: File, _ name: String) -> [UInt8] { file.tensors.first { $0.description.name == name }!.data }
        expect("blk.1.attn_v.weight: the tensor is missing") {
            $0.tensors.removeAll { $0.description.name == "blk.1.attn_v.weight" }
        }
        expect("blk.0.ffn_norm.weight: the tensor is missing") {
            $0.tensors.removeAll { $0.description.name == "blk.0.ffn_norm.weight" }
        }
        expect("blk.2.attn_q.bias: is not a tensor of architecture \"llama\"") { $0.append("blk.2.attn_q.bias", [1]) }
        expect("blk.0.attn_q.bias: is [3], expected [256]") { $0.append("blk.0.attn_q.bias", [1, 2, 3]) }
        expect("blk.1.attn_norm.weight: element 7 is not a finite number") {
            $0.replace("blk.1.attn_norm.weight", .float32, [256], TinyTensor("", [], (0..<256).map { $0 == 7 ? .nan : 1 }).bytes)
        }
        expect("output.weight: element 2 is not a finite number") {
            var bytes = data($0, "output.weight")
            bytes.replaceSubrange(4..<6, with: [0, 0x7C])
            $0.replace("output.weight", .float16, [256, 21], bytes)
        }
        expect("token_embd.weight: row 1 has a scale that is not a finite number") {
            var bytes = data($0, "token_embd.weight")
            bytes.replaceSubrange(8 * 34..<8 * 34 + 2, with: [0, 0xFC])
            $0.replace("token_embd.weight", .q8_0, [256, 21], bytes)
        }
        expect("blk.0.ffn_up.weight: row 2, block 0: the scale is not a finite number") {
            var bytes = data($0, "blk.0.ffn_up.weight")
            bytes.replaceSubrange(3 * 66 - 2..<3 * 66, with: [0, 0x7E])
            $0.replace("blk.0.ffn_up.weight", .tq2, [256, 256], bytes)
        }
        expect("blk.0.ffn_up.weight: row 1, block 0: a code is no trit's") {
            var bytes = data($0, "blk.0.ffn_up.weight")
            bytes[70] = 0xC0
            $0.replace("blk.0.ffn_up.weight", .tq2, [256, 256], bytes)
        }
        expect("blk.0.ffn_up.weight: row 128, block 1: a code is no trit's") {
            var bytes = [UInt8](repeating: 0x55, count: 256 * 64) + [UInt8](repeating: 0, count: 32)
            bytes[128 * 64 + 33] = 0x57
            $0.replace("blk.0.ffn_up.weight", .i2s, [256, 256], bytes)
        }
        expect("blk.0.ffn_up.weight: has a scale that is not a finite number") {
            $0.replace(
                "blk.0.ffn_up.weight", .i2s, [256, 256],
                [UInt8](repeating: 0x55, count: 256 * 64) + [0, 0, 0x80, 0xFF] + [UInt8](repeating: 0, count: 28))
        }
        expect("output.scale: belongs to a matrix that is not ternary") { $0.append("output.scale", [2]) }
    }

    @Test(
        "refuses types by their names and reasons",
        arguments: [
            (UInt32(38), "TL1 of BitNet's fork"), (39, "TL2 in BitNet's fork and MXFP4 in ggml"), (37, "type 37 (I8_S)"),
            (12, "type 12 (Q4_K)"), (41, "type 41 (Q1_0)"), (1000, "type 1000; F32"), (.max, "type 4294967295; F32"),
        ])
    func types(number: UInt32, reason: String) throws {
        var bytes = try TinyGGUF.file(TinyGGUF.weights(.oneScale))
        let name = Array("blk.1.attn_q.weight".utf8)
        let at = try #require((0..<8000).first { bytes[$0..<$0 + name.count].elementsEqual(name) }) + name.count + 4 + 16
        bytes.replaceSubrange(at..<at + 4, with: withUnsafeBytes(of: number) { Array($0) })
        let problem = message { _ = try TinyGGUF.read(bytes) }
        #expect(
            problem?.contains("blk.1.attn_q.weight: has tensor ") == true && problem?.contains(reason) == true, "\(problem ?? "")"
        )
    }

    @Test("refuses rows that are no whole blocks", arguments: [GGUFTensorType.q8_0, .q6_K, .tq1, .i2s, .q2x64])
    func rows(type: GGUFTensorType) throws {
        let problem = message {
            _ = try GGUFBlockTests.file(type, columns: 33, rows: 4, []).withUnsafeBytes {
                try GGUFFile(InputFile($0, name: "m"), architectures: ["llama"])
            }
        }
        #expect(problem == "m: w: is \(type.name) and has rows of 33, not a multiple of \(type.blockLength)")
    }

    @Test("tells both sizes of Q2_0's blocks by the bytes of their tensors, also the last one's")
    func twoBits() throws {
        func types(_ tensors: [(GGUFTensorType, [Int])], cut: Int = 0) throws -> [GGUFTensorType] {
            let scratch = try Scratch()
            let output = try OutputFile(scratch.path + "/m")
            let descriptions = tensors.enumerated().map {
                GGUFWriter.Tensor(name: "t\($0.offset)", type: $0.element.0, dimensions: $0.element.1)
            }
            let writer = try GGUFWriter(output, metadata: [("general.architecture", .text("qwen3"))], tensors: descriptions)
            for tensor in descriptions {
                try writer.write([UInt8](repeating: 0, count: tensor.byteCount))
                try writer.endTensor()
            }
            try output.finish()
            return try Array(scratch.read("m").dropLast(cut)).withUnsafeBytes { raw in
                let file = try GGUFFile(InputFile(raw, name: "m"), architectures: ["qwen3"])
                return tensors.indices.map { file.tensors["t\($0)"]!.type }
            }
        }
        for type in [GGUFTensorType.q2x64, .q2x128] {
            #expect(try types([(type, [128, 40]), (.float32, [3]), (type, [256, 33])]) == [type, .float32, type])
            // Padding behind the last tensor may be missing.
            #expect(try types([(type, [128, 33])], cut: type == .q2x64 ? 28 : 30) == [type])
            // 34 and 36 bytes are both padded to 64: another tensor decides.
            #expect(try types([(type, [128]), (type, [128, 40])]) == [type, type])
            #expect(message { _ = try types([(type, [128])]) }?.contains("too small to tell") == true)
            #expect(
                message { _ = try types([(type, [128, 40])], cut: 40) }?.contains("bytes to the next tensor or the end") == true)
        }
        #expect(try types([(.q2x64, [192, 1])]) == [.q2x64])
    }

    @Test("refuses every truncation in one line")
    func truncations() throws {
        let bytes = try TinyGGUF.file(TinyGGUF.weights(.groups64, embedding: .q4_0))
        for count in Array(stride(from: 0, to: 6000, by: 61)) + Array(stride(from: 6000, to: bytes.count - 31, by: 9973)) {
            let problem = message { _ = try TinyGGUF.read(Array(bytes.prefix(count))) }
            #expect(problem?.hasPrefix("m.gguf: ") == true && problem?.contains("\n") == false, "\(count) bytes")
        }
    }

    @Test("refuses data that overlaps, is not aligned or is out of the file")
    func offsets() throws {
        let bytes = try TinyGGUF.file(TinyGGUF.weights(.oneFullScale))
        let name = Array("blk.1.ffn_up.weight".utf8)
        let at = try #require((0..<8000).first { bytes[$0..<$0 + name.count].elementsEqual(name) }) + name.count + 4 + 16 + 4
        for (offset, reason) in [
            (UInt64(0), "overlaps another tensor"), (33, "not a multiple of 32"), (1 << 40, "out of the file"),
            (.max, "out of the file"),
        ] {
            var changed = bytes
            changed.replaceSubrange(at..<at + 8, with: withUnsafeBytes(of: offset) { Array($0) })
            let problem = message { _ = try TinyGGUF.read(changed) }
            #expect(problem?.contains(reason) == true, "\(problem ?? "none")")
        }
    }

    @Test(
        "neither crashes nor hangs when bytes change",
        arguments: [TinyGGUF.Kind.oneScale, .oneFullScale, .groups64, .q6_K])
    func mutations(kind: TinyGGUF.Kind) throws {
        var file = try File(TinyGGUF.weights(kind, embedding: .q8_0, head: .q6_K, subNorms: true, biases: true))
        file["tokenizer.ggml.tokens"] = .strings((0..<21).map { Array("t\($0)".utf8) })
        let bytes = try file.bytes()
        let head = 8000
        var random = SplitMix64(seed: 12)
        var refused = 0
        for _ in 0..<500 {
            var changed = bytes
            for _ in 0...random.next() % 3 {
                // Mostly in metadata and the table of tensors.
                let limit = random.next() % 4 == 0 ? bytes.count : head
                changed[Int(random.next() % UInt64(limit))] = UInt8(truncatingIfNeeded: random.next())
            }
            let problem = message {
                try TinyGGUF.open(changed) { model in
                    let shape = TransformerGGUF.Role.key.shape(model.configuration)
                    _ = try model.projection("blk.1.attn_k", rows: shape.rows, columns: shape.columns, isPermuted: true)
                    _ = try model.readEmbedding()
                    _ = try model.readHead()
                    _ = try model.readFinalNorm()
                }
            }
            if let problem {
                refused += 1
                #expect(problem.hasPrefix("m.gguf: ") && !problem.contains("\n"), "\(problem)")
            }
        }
        #expect(refused > 100)
    }
}
