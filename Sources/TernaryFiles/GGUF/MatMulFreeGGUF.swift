import TernaryCore

/// Keys and tensor names of a MatMul-free model in GGUF (`docs/GGUF.md`).
enum MatMulFreeGGUF {
    /// `general.architecture`, and the prefix of the model's keys.
    static let architecture = "hgrn-bit"
    static func key(_ name: String) -> String { "\(architecture).\(name)" }

    /// A BitLinear matrix and what belongs to it.
    struct Matrix {
        /// Before `.weight`, `.scale` and `.norm`.
        let name: String
        let rows, columns: Int

        /// Of its weights, ggml's order.
        func dimensions(_ type: GGUFTensorType) -> [Int] {
            type == .int32
                ? PackedLayout.dimensions(rows: rows, columns: columns) : [TernaryBlock.padded(columns), rows]
        }
    }

    static let embedding = "token_embd.weight"
    static let finalNorm = "output_norm.weight"
    static func head(_ configuration: MatMulFreeConfiguration) -> Matrix {
        Matrix(name: "output", rows: configuration.vocabularySize, columns: configuration.hiddenSize)
    }

    /// One of a block's own vectors.
    static func vector(_ layer: Int, _ name: String) -> String { "blk.\(layer).\(name)" }

    static func matrix(_ role: BitLinearRole, _ layer: Int, _ configuration: MatMulFreeConfiguration) -> Matrix {
        precondition(role != .gateUp, "the halves are matrices of their own: gateAndUp")
        let shape = role.shape(configuration)
        let name =
            switch role {
            case .input: "attn_i"
            case .forget: "attn_f"
            case .gate: "attn_g"
            case .output: "attn_output"
            default: "ffn_down"
            }
        return Matrix(name: "blk.\(layer).\(name)", rows: shape.rows, columns: shape.columns)
    }

    static func gateAndUp(_ layer: Int, _ configuration: MatMulFreeConfiguration) -> [Matrix] {
        ["ffn_gate", "ffn_up"].map {
            Matrix(name: "blk.\(layer).\($0)", rows: configuration.intermediateSize, columns: configuration.hiddenSize)
        }
    }

    /// Every tensor in the order of the file.
    static func tensors(
        _ configuration: MatMulFreeConfiguration, ternary: GGUFTensorType, embedding element: GGUFTensorType
    ) -> [GGUFWriter.Tensor] {
        let h = configuration.hiddenSize
        return [GGUFWriter.Tensor(name: embedding, type: element, dimensions: [h, configuration.vocabularySize])]
            + tensors(head(configuration), ternary)
            + [GGUFWriter.Tensor(name: finalNorm, type: .float32, dimensions: [h])]
            + (0..<configuration.layerCount).flatMap { tensors(layer: $0, configuration, ternary: ternary) }
    }

    /// The tensors of one layer in the order of the file.
    static func tensors(layer: Int, _ configuration: MatMulFreeConfiguration, ternary: GGUFTensorType) -> [GGUFWriter.Tensor] {
        let (h, d) = (configuration.hiddenSize, configuration.stateSize)
        func own(_ name: String, _ width: Int) -> [GGUFWriter.Tensor] {
            [GGUFWriter.Tensor(name: vector(layer, name), type: .float32, dimensions: [width])]
        }
        func linear(_ role: BitLinearRole) -> [GGUFWriter.Tensor] { tensors(matrix(role, layer, configuration), ternary) }
        let bounds = configuration.usesLowerBounds && layer > 0 ? own("attn_f.lower_bound", d) : []
        let halves = gateAndUp(layer, configuration).flatMap { tensors($0, ternary, norm: false) }
        let mixer = own("attn_norm.weight", h) + linear(.input) + linear(.forget) + linear(.gate) + bounds
        return mixer + own("attn_g_norm.weight", d) + linear(.output) + own("ffn_norm.weight", h)
            + own("ffn_gate_up.norm", h) + halves + linear(.down)
    }

    private static func tensors(_ matrix: Matrix, _ type: GGUFTensorType, norm: Bool = true) -> [GGUFWriter.Tensor] {
        let weight = GGUFWriter.Tensor(name: matrix.name + ".weight", type: type, dimensions: matrix.dimensions(type))
        let scale = GGUFWriter.Tensor(name: matrix.name + ".scale", type: .float32, dimensions: [1])
        let norms = norm ? [GGUFWriter.Tensor(name: matrix.name + ".norm", type: .float32, dimensions: [matrix.columns])] : []
        return [weight, scale] + norms
    }

    /// The model's own metadata.
    static func metadata(_ configuration: MatMulFreeConfiguration) -> [(key: String, value: GGUFValue)] {
        var metadata: [(key: String, value: GGUFValue)] = [
            (key("vocab_size"), .uint32(UInt32(configuration.vocabularySize))),
            (key("embedding_length"), .uint32(UInt32(configuration.hiddenSize))),
            (key("state_length"), .uint32(UInt32(configuration.stateSize))),
            (key("feed_forward_length"), .uint32(UInt32(configuration.intermediateSize))),
            (key("block_count"), .uint32(UInt32(configuration.layerCount))),
            (key("context_length"), .uint64(UInt64(configuration.trainedLength))),
            (key("attention.layer_norm_rms_epsilon"), .float32(configuration.normEpsilon)),
            (key("bit_linear.layer_norm_rms_epsilon"), .float32(MatMulFreeConfiguration.bitLinearEpsilon)),
            (key("use_lower_bound"), .bool(configuration.usesLowerBounds)),
            (key("tie_word_embeddings"), .bool(configuration.tiesEmbeddings)),
        ]
        if let token = configuration.beginToken { metadata.append((key("begin_token_id"), .uint32(UInt32(token)))) }
        if let token = configuration.endToken { metadata.append((key("end_token_id"), .uint32(UInt32(token)))) }
        return metadata
    }

    /// The configuration that `metadata` describes.
    static func configuration(_ file: GGUFFile) throws -> MatMulFreeConfiguration {
        func fail(_ name: String, _ reason: String) -> FileError { FileError(file.path, at: key(name), reason) }
        func optional(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
            guard let value = file.metadata[key(name)] else { return nil }
            guard let number = value.int, range.contains(number) else {
                throw fail(name, "must be a whole number in \(range.lowerBound)...\(range.upperBound)")
            }
            return number
        }
        func int(_ name: String, _ range: ClosedRange<Int>) throws -> Int {
            guard let number = try optional(name, range) else { throw fail(name, "is missing") }
            return number
        }
        func float(_ name: String) throws -> Float {
            guard case .float32(let value)? = file.metadata[key(name)], value >= 1e-12, value <= 1 else {
                throw fail(name, "must be an FP32 number in 1e-12...1")
            }
            return value
        }
        func bool(_ name: String) throws -> Bool {
            guard case .bool(let value)? = file.metadata[key(name)] else { throw fail(name, "must be a truth value") }
            return value
        }
        let widths = 1...MatMulFreeConfiguration.widestRow
        let vocabulary = try int("vocab_size", 1...MatMulFreeConfiguration.mostTokens)
        let configuration = MatMulFreeConfiguration(
            vocabularySize: vocabulary, hiddenSize: try int("embedding_length", widths),
            stateSize: try int("state_length", widths), intermediateSize: try int("feed_forward_length", widths),
            layerCount: try int("block_count", 1...MatMulFreeConfiguration.mostLayers),
            normEpsilon: try float("attention.layer_norm_rms_epsilon"), usesLowerBounds: try bool("use_lower_bound"),
            tiesEmbeddings: try bool("tie_word_embeddings"), beginToken: try optional("begin_token_id", 0...vocabulary - 1),
            endToken: try optional("end_token_id", 0...vocabulary - 1), trainedLength: try int("context_length", 1...1 << 40))
        guard try float("bit_linear.layer_norm_rms_epsilon") == MatMulFreeConfiguration.bitLinearEpsilon else {
            throw fail("bit_linear.layer_norm_rms_epsilon", "must be \(MatMulFreeConfiguration.bitLinearEpsilon)")
        }
        guard !configuration.usesLowerBounds || configuration.stateSize == configuration.hiddenSize else {
            throw fail("state_length", "must equal embedding_length with use_lower_bound")
        }
        return configuration
    }
}
