import TernaryCore

/// The matrices that BitLinear multiplies by.
enum BitLinearRole: CaseIterable {
    case input, forget, gate, output, gateUp, down

    /// The name after `model.layers.N.`.
    var suffix: String {
        switch self {
        case .input: "attn.i_proj"
        case .forget: "attn.f_proj"
        case .gate: "attn.g_proj"
        case .output: "attn.o_proj"
        case .gateUp: "mlp.gate_proj"
        case .down: "mlp.down_proj"
        }
    }

    /// Rows and columns; `gateUp` has both halves.
    func shape(_ configuration: MatMulFreeConfiguration) -> (rows: Int, columns: Int) {
        let (h, d, i) = (configuration.hiddenSize, configuration.stateSize, configuration.intermediateSize)
        return switch self {
        case .input, .forget, .gate: (d, h)
        case .output: (h, d)
        case .gateUp: (2 * i, h)
        case .down: (h, i)
        }
    }
}

/// The vectors of a block other than BitLinear's own norms.
enum BlockNormRole: CaseIterable {
    case attention, gate, mlp

    /// The name after `model.layers.N.`.
    var suffix: String {
        switch self {
        case .attention: "attn_norm.weight"
        case .gate: "attn.g_norm.weight"
        case .mlp: "mlp_norm.weight"
        }
    }

    /// Elements.
    func width(_ configuration: MatMulFreeConfiguration) -> Int {
        self == .gate ? configuration.stateSize : configuration.hiddenSize
    }
}

extension MatMulFreeConfiguration {
    /// Every tensor a Hugging Face checkpoint of this shape holds, and its shape.
    func huggingFaceTensors() -> [(name: String, shape: [Int])] {
        var tensors: [(String, [Int])] = [("model.embeddings.weight", [vocabularySize, hiddenSize])]
        if usesLowerBounds { tensors.append(("model.lower_bounds", [layerCount, hiddenSize])) }
        for layer in 0..<layerCount {
            let prefix = "model.layers.\(layer)."
            for role in BlockNormRole.allCases { tensors.append((prefix + role.suffix, [role.width(self)])) }
            for role in BitLinearRole.allCases {
                let shape = role.shape(self)
                tensors.append((prefix + role.suffix + ".weight", [shape.rows, shape.columns]))
                tensors.append((prefix + role.suffix + ".norm.weight", [shape.columns]))
            }
        }
        tensors.append(("model.norm.weight", [hiddenSize]))
        if !tiesEmbeddings { tensors.append(("lm_head.weight", [vocabularySize, hiddenSize])) }
        tensors.append(("lm_head.norm.weight", [hiddenSize]))
        return tensors
    }
}
