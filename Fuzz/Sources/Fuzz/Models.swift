import Glibc
import TernaryFiles

extension FuzzTarget {
    /// Safetensors files beside a sound configuration; a model that opens must load or be refused.
    static let safetensors = FuzzTarget(
        name: "safetensors",
        seeds: { [TinyModel.safetensors(type: "F32"), TinyModel.safetensors(type: "BF16"), TinyModel.safetensors(type: "F16")] },
        words: [
            "\"dtype\":", "\"shape\":", "\"data_offsets\":", "\"F32\"", "\"BF16\"", "\"F16\"", "\"F64\"", "[0,4]", "__metadata__",
        ]
            + TinyModel.tensors.map { "\"\($0.name)\"" },
        body: { file in
            let folder = TinyModel.folder("safetensors")
            write(file, to: "\(folder)/model.safetensors")
            _ = try? Checkpoint.open(folder).weights()
        })

    /// `config.json` beside sound tensors.
    static let config = FuzzTarget(
        name: "config",
        seeds: { [Array(TinyModel.config.utf8)] },
        words: [
            "\"hidden_ratio\":", "\"intermediate_size\":null", "\"expand_ratio\":", "\"num_heads\":", "\"use_lower_bound\":",
            "\"use_short_conv\":", "\"rms_norm_eps\":", "\"bos_token_id\":", "\"eos_token_id\":", "1e300", "9223372036854775807",
            "131072", "\"quantization_config\":", "\"attn_mode\":\"fused_recurrent\"", "\"hidden_act\":\"swish\"",
        ],
        body: { file in
            let folder = TinyModel.folder("config")
            write(file, to: "\(folder)/config.json")
            _ = try? Checkpoint.open(folder).weights()
        })

    /// An index of shards beside a sound model.
    static let index = FuzzTarget(
        name: "index",
        seeds: {
            let map = TinyModel.tensors.map { "\"\($0.name)\":\"model.safetensors\"" }.joined(separator: ",")
            return [Array("{\"metadata\":{},\"weight_map\":{\(map)}}".utf8)]
        },
        words: ["\"weight_map\":", "model.safetensors", "../", ".safetensors"] + TinyModel.tensors.map { "\"\($0.name)\"" },
        body: { file in
            let folder = TinyModel.folder("index")
            write(file, to: "\(folder)/model.safetensors.index.json")
            _ = try? Checkpoint.open(folder).weights()
        })

    /// GGUF files; one that opens must load, list and tokenise, or be refused.
    static let gguf = FuzzTarget(
        name: "gguf",
        seeds: {
            [TinyModel.gguf(.tq2_0), TinyModel.gguf(.tq1_0), TinyModel.gguf(.t2)] + TinyModel.transformers + TinyModel.packed
        },
        words: [
            "general.alignment", "general.architecture", "hgrn-bit", "bitnet", "llama", "qwen3", "rope.scaling.type", "yarn",
            "tokenizer.ggml.model", ".block_count", ".weight", ".scale", ".scales", "vkternary.layout", "t2",
        ],
        body: { file in
            file.withUnsafeBytes { bytes in
                guard let checkpoint = try? Checkpoint.open(bytes, name: "fuzz") else { return }
                _ = try? checkpoint.weightSource.loaded()
                _ = try? checkpoint.tokenizer().encode("a b", addSpecialTokens: true)
                _ = checkpoint.parts
            }
        })
}

/// What `TinyModel.folder` has made, to be removed when the program ends; libFuzzer runs inputs on one thread.
nonisolated(unsafe) private var folders: [String] = []

private func removeFolders() {
    for folder in folders {
        for name in ["config.json", "model.safetensors", "model.safetensors.index.json", "model.gguf"] {
            unlink("\(folder)/\(name)")
        }
        rmdir(folder)
    }
}

/// A model of a few hundred weights, for seeds.
private enum TinyModel {
    static let config = """
        {"model_type":"hgrn_bit","hidden_size":4,"intermediate_size":5,"num_hidden_layers":2,"vocab_size":3,"num_heads":1,\
        "rms_norm_eps":1e-6,"tie_word_embeddings":false,"use_lower_bound":true,"bos_token_id":1,"eos_token_id":2}
        """

    static let tensors: [(name: String, shape: [Int])] = {
        var tensors: [(name: String, shape: [Int])] = [("model.embeddings.weight", [3, 4]), ("model.lower_bounds", [2, 4])]
        for layer in 0..<2 {
            let prefix = "model.layers.\(layer)."
            for norm in ["attn_norm", "attn.g_norm", "mlp_norm"] { tensors.append((prefix + norm + ".weight", [4])) }
            for (linear, rows, columns) in [
                ("attn.i_proj", 4, 4), ("attn.f_proj", 4, 4), ("attn.g_proj", 4, 4), ("attn.o_proj", 4, 4),
                ("mlp.gate_proj", 10, 4), ("mlp.down_proj", 4, 5),
            ] {
                tensors.append((prefix + linear + ".weight", [rows, columns]))
                tensors.append((prefix + linear + ".norm.weight", [columns]))
            }
        }
        return tensors + [("model.norm.weight", [4]), ("lm_head.weight", [3, 4]), ("lm_head.norm.weight", [4])]
    }()

    static func safetensors(type: String) -> [UInt8] {
        var data: [UInt8] = []
        let entries = tensors.map { name, shape in
            let begin = data.count
            for i in 0..<shape.reduce(1, *) {
                let value = Float(i % 5 - 2)
                if type == "F32" {
                    withUnsafeBytes(of: value) { data.append(contentsOf: $0) }
                } else {
                    // Of binary16 and bfloat16 alike, a small number.
                    withUnsafeBytes(of: UInt16(value.bitPattern >> 16) & 0xBFFF) { data.append(contentsOf: $0) }
                }
            }
            return "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(data.count)]}"
        }
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        return withUnsafeBytes(of: UInt64(header.count)) { Array($0) } + header + data
    }

    /// A folder of this process with a whole model in it, in memory where the system has such a place; made once a name.
    static func folder(_ name: String) -> String {
        let root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        let path = "\(root)/vkternary-fuzz-\(name)-\(getpid())"
        if access(path, F_OK) != 0 {
            mkdir(path, 0o777)
            folders.append(path)
            if folders.count == 1 { atexit { removeFolders() } }
            write(Array(config.utf8), to: "\(path)/config.json")
            write(safetensors(type: "F32"), to: "\(path)/model.safetensors")
        }
        return path
    }

    /// Transformers in GGUF, of which the tests know the logits.
    static let transformers: [[UInt8]] = {
        let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        return ["i2s", "bitnet-25", "q2-64", "rope-freqs"].compactMap {
            contents("\(package)/Tests/Fixtures/transformers/gguf-\($0).gguf")
        }
    }()

    /// The same as they are used: with one scale, and with many.
    static let packed: [[UInt8]] = {
        let path = folder("packed")
        return transformers.compactMap { bytes in
            bytes.withUnsafeBytes { raw in
                try? Checkpoint.open(raw, name: "seed").write(toGGUF: "\(path)/model.gguf", type: .t2)
                return contents("\(path)/model.gguf")
            }
        }
    }()

    static func gguf(_ type: TernaryBlockType) -> [UInt8] {
        let path = folder("gguf")
        do {
            try convert(from: path, to: "\(path)/model.gguf", type: type)
            return contents("\(path)/model.gguf") ?? []
        } catch { fail("\(error)") }
    }
}
