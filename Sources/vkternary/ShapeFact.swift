import TernaryCore

/// One thing that `inspect` says of a model's shape, for a person and for a machine.
struct ShapeFact {
    let label, text, key: String
    let value: JSONText

    init(_ label: String, _ key: String, _ value: Int) { self.init(label, "\(value)", key, .int(value)) }

    init(_ label: String, _ text: String, _ key: String, _ value: JSONText) {
        self.label = label
        self.text = text
        self.key = key
        self.value = value
    }
}

extension ModelConfiguration {
    /// What there is to say of the shape, in order.
    var facts: [ShapeFact] {
        switch self {
        case .matMulFree(let shape): shape.facts
        case .transformer(let shape): shape.facts
        }
    }

    /// Bytes of ternary weights at 2 bits.
    var packedBytes: Int {
        switch self {
        case .matMulFree(let shape): shape.ternaryWeights / 4
        case .transformer(let shape): shape.layerCount * shape.projectionWeightsPerLayer / 4
        }
    }
}

private func number(_ value: Float) -> JSONText { .double(Double("\(value)") ?? 0) }

extension MatMulFreeConfiguration {
    fileprivate var facts: [ShapeFact] {
        let stateBytes = 4 * stateSize * layerCount
        return [
            .init("architecture", "MatMul-free LM (hgrn_bit)", "architecture", .string("hgrn_bit")),
            .init(
                "parameters", "\(parameters.grouped), \(ternaryWeights.grouped) of them ternary", "parameters", .int(parameters)),
            .init("layers", "layers", layerCount), .init("hidden size", "hidden_size", hiddenSize),
            .init("state size", "state_size", stateSize), .init("intermediate", "intermediate_size", intermediateSize),
            .init("vocabulary", "vocabulary_size", vocabularySize),
            .init("lower bounds", usesLowerBounds ? "yes" : "no", "uses_lower_bounds", .bool(usesLowerBounds)),
            .init("norm epsilon", "\(normEpsilon)", "norm_epsilon", number(normEpsilon)),
            .init("state", "\(bytes(stateBytes)) for a text of any length", "state_bytes", .int(stateBytes)),
        ]
    }
}

extension TransformerConfiguration {
    fileprivate var facts: [ShapeFact] {
        let ternary = layerCount * projectionWeightsPerLayer
        let perToken = 4 * keyValueWidth * layerCount
        return [
            .init("architecture", "transformer with ternary projections", "architecture", .string("transformer")),
            .init(
                "parameters", "\(parameters.grouped), \(ternary.grouped) of them in projections", "parameters", .int(parameters)),
            .init("layers", "layers", layerCount), .init("hidden size", "hidden_size", hiddenSize),
            .init("intermediate", "intermediate_size", intermediateSize),
            .init("heads", "heads", headCount), .init("key heads", "key_value_heads", keyValueHeadCount),
            .init("head size", "head_size", headSize), .init("vocabulary", "vocabulary_size", vocabularySize),
            .init("activation", activation.rawValue, "activation", .string(activation.rawValue)),
            .init(
                "activations", quantizesActivations ? "int8, one step a token" : "floats", "quantizes_activations",
                .bool(quantizesActivations)),
            .init("rope theta", "\(rotation.theta), scaling \(rotation.scaling)", "rope_theta", number(rotation.theta)),
            .init("tied head", tiesEmbeddings ? "yes" : "no", "ties_embeddings", .bool(tiesEmbeddings)),
            .init("norm epsilon", "\(normEpsilon)", "norm_epsilon", number(normEpsilon)),
            .init("context", "context_length", contextLength),
            .init(
                "keys, values", "\(bytes(perToken)) for each token of a text as f16", "key_value_bytes_per_token", .int(perToken)),
        ]
    }
}
