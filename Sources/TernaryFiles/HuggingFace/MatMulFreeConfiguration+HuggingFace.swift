import TernaryCore

extension MatMulFreeConfiguration {
    /// The `model_type` of a MatMul-free language model.
    static let modelType = "hgrn_bit"
    /// More layers are refused.
    static let mostLayers = 65_536
    /// More tokens are refused.
    static let mostTokens = 1 << 24

    /// Reads a `config.json`; what is absent has upstream's default.
    init(_ reader: ConfigurationReader) throws {
        let type = try reader.string("model_type")
        guard type == Self.modelType else {
            let known = ([Self.modelType] + TransformerFamily.allCases.map(\.rawValue)).map { "\"\($0)\"" }.joined(
                separator: ", ")
            throw reader.fail(
                "model_type", type.map { "\"\($0.forMessage)\" is not supported; \(known) are" } ?? "is missing")
        }
        try Self.refuseUnsupported(reader)
        let hidden = try reader.int("hidden_size", in: 1...Self.widestRow) ?? 2048
        let layers = try reader.int("num_hidden_layers", in: 1...Self.mostLayers) ?? 24
        let vocabulary = try reader.int("vocab_size", in: 1...Self.mostTokens) ?? 32_000
        let heads = try reader.int("num_heads", in: 1...Self.widestRow) ?? 1
        guard hidden.isMultiple(of: heads) else {
            throw reader.fail("num_heads", "\(heads) does not divide hidden_size \(hidden)")
        }
        let state = Int(Double(hidden) * (try reader.number("expand_ratio", in: 0...Double(Self.widestRow)) ?? 1))
        guard (1...Self.widestRow).contains(state) else {
            throw reader.fail("expand_ratio", "makes the state \(state) wide, outside 1...\(Self.widestRow)")
        }
        let lowerBounds = try reader.bool("use_lower_bound") ?? true
        guard !lowerBounds || state == hidden else {
            throw reader.fail("expand_ratio", "must be 1 with use_lower_bound: the bounds are as wide as hidden_size")
        }
        func token(_ key: String) throws -> Int? { try reader.int(key, in: 0...vocabulary - 1) }
        self.init(
            vocabularySize: vocabulary, hiddenSize: hidden, stateSize: state,
            intermediateSize: try Self.intermediateSize(reader, hidden: hidden), layerCount: layers,
            normEpsilon: Float(try reader.number("rms_norm_eps", in: 1e-12...1) ?? 1e-6), usesLowerBounds: lowerBounds,
            tiesEmbeddings: try reader.bool("tie_word_embeddings") ?? false, beginToken: try token("bos_token_id"),
            endToken: try token("eos_token_id"),
            trainedLength: try reader.int("max_position_embeddings", in: 1...1 << 40) ?? 2048)
    }

    /// `intermediate_size`; where that is null, int(hidden * hidden_ratio * 2/3) rounded up to a multiple of 256.
    private static func intermediateSize(_ reader: ConfigurationReader, hidden: Int) throws -> Int {
        if let size = try reader.int("intermediate_size", in: 1...widestRow) { return size }
        let ratio = try reader.number("hidden_ratio", in: 0...Double(widestRow)) ?? 4
        let size = padded256(Int(Double(hidden) * ratio * 2 / 3))
        guard (1...widestRow).contains(size) else {
            throw reader.fail("hidden_ratio", "makes the channel mixer \(size) wide, outside 1...\(widestRow)")
        }
        return size
    }

    private static func padded256(_ size: Int) -> Int { (size + 255) / 256 * 256 }

    private static func refuseUnsupported(_ reader: ConfigurationReader) throws {
        if try reader.bool("use_short_conv") == true {
            throw reader.fail("use_short_conv", "is true; upstream's own call of it cannot run, so its meaning is not defined")
        }
        if let mode = try reader.string("attn_mode"), mode != "fused_recurrent" {
            throw reader.fail("attn_mode", "\"\(mode.forMessage)\" is not supported; \"fused_recurrent\" is")
        }
        if let activation = try reader.string("hidden_act"), activation != "swish", activation != "silu" {
            throw reader.fail("hidden_act", "\"\(activation.forMessage)\" is not supported; the mixer's activation is \"swish\"")
        }
        if reader.value("quantization_config") != nil {
            throw reader.fail("quantization_config", "quantised checkpoints are not supported; latent or ternary floats are")
        }
        if let names = reader.value("architectures") {
            guard names.array?.allSatisfy({ $0.string != nil }) == true else {
                throw reader.fail("architectures", "must be an array of strings")
            }
        }
    }
}
