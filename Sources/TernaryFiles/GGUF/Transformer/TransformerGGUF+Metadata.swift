import TernaryCore

extension TransformerGGUF {
    /// The metadata of a file that is written.
    ///
    /// - Parameters:
    ///   - type: of its ternary matrices, as far as they have it.
    ///   - types: of its tensors.
    ///   - tokenizer: the tokenizer's metadata, which come last.
    static func metadata(
        _ configuration: TransformerConfiguration, architecture: String, name: String, type: TernaryBlockType,
        types: Set<GGUFTensorType>,
        tokenizer: [(key: String, value: GGUFValue)], path: String
    ) throws -> [(key: String, value: GGUFValue)] {
        var metadata: [(key: String, value: GGUFValue)] = [
            ("general.architecture", .text(architecture)), ("general.name", .text(name)),
            ("general.quantization_version", .uint32(2)), ("general.alignment", .uint32(UInt32(type.alignment))),
        ]
        if type == .t2 { metadata.append((PackedLayout.key, .text(PackedLayout.name))) }
        // Of the types without a number of their own there, readers look at the tensors.
        if let fileType = TernaryBlockType.allCases.first(where: { types.contains($0.tensorType) })?.fileType {
            metadata.append(("general.file_type", .uint32(fileType)))
        }
        func add(_ key: String, _ value: GGUFValue) { metadata.append(("\(architecture).\(key)", value)) }
        func add(_ key: String, _ number: Int) { add(key, .uint32(UInt32(clamping: number))) }
        add("vocab_size", configuration.vocabularySize)
        add("context_length", configuration.contextLength)
        add("embedding_length", configuration.hiddenSize)
        add("block_count", configuration.layerCount)
        add("feed_forward_length", configuration.intermediateSize)
        add("attention.head_count", configuration.headCount)
        add("attention.head_count_kv", configuration.keyValueHeadCount)
        add("attention.key_length", configuration.headSize)
        add("attention.value_length", configuration.headSize)
        add("attention.layer_norm_rms_epsilon", .float32(configuration.normEpsilon))
        add("hidden_activation", .text(configuration.activation.rawValue))
        add("rope.dimension_count", configuration.headSize)
        add("rope.freq_base", .float32(configuration.rotation.theta))
        for (key, value) in try scaling(configuration.rotation, path: path) { add(key, value) }
        metadata += own(configuration)
        let present = Set(tokenizer.map(\.key))
        if let token = configuration.beginToken, !present.contains("tokenizer.ggml.bos_token_id") {
            metadata.append(("tokenizer.ggml.bos_token_id", .uint32(UInt32(token))))
        }
        if let token = configuration.endTokens.first, !present.contains("tokenizer.ggml.eos_token_id") {
            metadata.append(("tokenizer.ggml.eos_token_id", .uint32(UInt32(token))))
        }
        // Other programs read no file that does not say so.
        if tokenizer.isEmpty { metadata.append(("tokenizer.ggml.model", .text(noVocabulary))) }
        return metadata + tokenizer
    }

    /// What only our own keys say.
    private static func own(_ configuration: TransformerConfiguration) -> [(key: String, value: GGUFValue)] {
        var own: [(key: String, value: GGUFValue)] = [
            (activations, .text(configuration.quantizesActivations ? "int8" : "float"))
        ]
        if !configuration.endTokens.isEmpty { own.append((endTokens, .integers(configuration.endTokens.map { Int32($0) }))) }
        switch configuration.rotation.scaling {
        case .llama3(let factor, let low, let high, let original):
            own.append((llama3Scaling, .floats([factor, low, high, Float(original)])))
        case .yarn(_, _, _, let attentionFactor, _, _): own.append((attentionFactorKey, .float32(attentionFactor)))
        default: break
        }
        return own
    }

    /// Keys of the architecture's for how frequencies change in long contexts.
    private static func scaling(_ rotation: RotaryEmbedding, path: String) throws -> [(key: String, value: GGUFValue)] {
        switch rotation.scaling {
        case .none, .llama3, .divided: return []
        case .linear(let factor): return [("rope.scaling.type", .text("linear")), ("rope.scaling.factor", .float32(factor))]
        case .yarn(let factor, let betaFast, let betaSlow, let attentionFactor, let original, let truncates):
            guard truncates else {
                throw FileError(path, "YaRN whose ramp has ends between two frequencies has no place in GGUF")
            }
            return [
                ("rope.scaling.type", .text("yarn")), ("rope.scaling.factor", .float32(factor)),
                ("rope.scaling.original_context_length", .uint32(UInt32(clamping: original))),
                ("rope.scaling.attn_factor", .float32(attentionFactor / yarnAttentionFactor(factor))),
                ("rope.scaling.yarn_beta_fast", .float32(betaFast)), ("rope.scaling.yarn_beta_slow", .float32(betaSlow)),
            ]
        }
    }
}

extension RotaryEmbedding {
    /// What GGUF's tensor of divisors holds, `(headSize / 2)`; nil where keys say all.
    func divisors(headSize: Int) -> [Float]? {
        switch scaling {
        case .divided(let divisors): return divisors
        case .llama3:
            let plain = RotaryEmbedding(theta: theta).frequencies(headSize: headSize)
            return zip(plain, frequencies(headSize: headSize)).map { $0 / $1 }
        default: return nil
        }
    }
}
