import TernaryCore

/// The tensors that a checkpoint of a transformer holds: what every one has, and what its first block shows that all have.
struct TransformerTensorNames: Sendable {
    /// What comes before `layers.N.`: "model.", or nothing where the bare model was saved.
    let prefix: String
    /// The norm between attention and `o_proj`, by its name in a block, if there is one.
    let attentionSubNorm: String?
    /// The norm between the product and `down_proj`.
    let feedForwardSubNorm: String?
    /// Whether queries and keys are normed by head.
    let hasHeadNorms: Bool
    /// The projections that have a bias.
    let biases: Set<ProjectionRole>
    /// What follows a projection's name in that of its own norm, where it has one.
    let projectionNorms: [ProjectionRole: String]

    /// The names that two families give to the norms within a block; the second is 1bitLLM's.
    private static let attentionSubNorms = ["self_attn.attn_sub_norm.weight", "self_attn.inner_attn_ln.weight"]
    private static let feedForwardSubNorms = ["mlp.ffn_sub_norm.weight", "mlp.ffn_layernorm.weight"]

    /// Looks which optional tensors the first block has.
    init(_ tensors: SafetensorsDirectory) {
        let prefix =
            tensors.tensors["model.embed_tokens.weight"] == nil && tensors.tensors["embed_tokens.weight"] != nil ? "" : "model."
        func has(_ suffix: String) -> Bool { tensors.tensors["\(prefix)layers.0.\(suffix)"] != nil }
        self.prefix = prefix
        attentionSubNorm = Self.attentionSubNorms.first(where: has)
        feedForwardSubNorm = Self.feedForwardSubNorms.first(where: has)
        hasHeadNorms = has("self_attn.q_norm.weight") || has("self_attn.k_norm.weight")
        biases = Set(ProjectionRole.allCases.filter { has($0.suffix + ".bias") })
        var norms: [ProjectionRole: String] = [:]
        for role in ProjectionRole.allCases {
            norms[role] = ["rms_norm.weight", "norm.weight"].first { has("\(role.suffix).\($0)") }
        }
        projectionNorms = norms
    }

    /// Whether the names are those of 1bitLLM, whose float weights are masters though nothing else says so.
    var areThoseOfMasters: Bool { attentionSubNorm == Self.attentionSubNorms[1] }

    /// The table's name.
    var embedding: String { prefix + "embed_tokens.weight" }
    /// The last norm's name.
    var finalNorm: String { prefix + "norm.weight" }

    /// A tensor or module of a block.
    func name(_ layer: Int, _ suffix: String) -> String { "\(prefix)layers.\(layer).\(suffix)" }

    /// The vectors of a block and their lengths.
    func vectors(_ layer: Int, _ configuration: TransformerConfiguration) -> [(name: String, length: Int)] {
        var vectors = [
            ("input_layernorm.weight", configuration.hiddenSize), ("post_attention_layernorm.weight", configuration.hiddenSize),
        ]
        if let attentionSubNorm { vectors.append((attentionSubNorm, configuration.queryWidth)) }
        if let feedForwardSubNorm { vectors.append((feedForwardSubNorm, configuration.intermediateSize)) }
        if hasHeadNorms {
            vectors += [("self_attn.q_norm.weight", configuration.headSize), ("self_attn.k_norm.weight", configuration.headSize)]
        }
        for role in ProjectionRole.allCases {
            let shape = role.shape(configuration)
            if biases.contains(role) { vectors.append((role.suffix + ".bias", shape.rows)) }
            if let norm = projectionNorms[role] { vectors.append(("\(role.suffix).\(norm)", shape.columns)) }
        }
        return vectors.map { (name(layer, $0.0), $0.1) }
    }

    /// Whether a tensor that no model needs may be there: frequencies that old versions saved.
    static func isHarmless(_ name: String) -> Bool { name.hasSuffix("rotary_emb.inv_freq") }
}
