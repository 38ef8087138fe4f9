import TernaryCore

/// A transformer with ternary projections in a Hugging Face directory: `config.json` and safetensors files.
///
/// Its projections may be packed bytes, masters that are ternarised here, ternary values in a float type, or dense.
struct HuggingFaceTransformer: TransformerSource {
    let path: String
    let configuration: TransformerConfiguration
    let tensors: SafetensorsDirectory
    let names: TransformerTensorNames
    /// How linear layers are quantised; nil where they are not.
    let quantization: BitNetQuantization?
    let byteCount: Int
    /// Whether the class keeps the weights that it makes of a BF16 master in BF16.
    private let keepsBFloat16: Bool
    private let layerByteCounts: [Int]

    /// Whether a `config.json` is that of a transformer of ours.
    static func describes(_ configuration: ConfigurationReader) -> Bool {
        configuration.value("model_type")?.string.flatMap(TransformerFamily.init(rawValue:)) != nil
    }

    /// Checks the configuration and that every tensor is there, with its shape and type, and no other; reads no weights.
    ///
    /// - Parameter maps: whether floats are used where they lie in the files.
    init(_ path: String, maps: Bool = false) throws {
        self.path = path
        let reader = try ConfigurationReader(path: "\(path)/config.json")
        var configuration = try TransformerConfiguration(reader)
        var quantization = try reader.object("quantization_config").map(BitNetQuantization.init)
        configuration.endTokens += try Self.generationEndTokens(path, vocabulary: configuration.vocabularySize)
            .filter { !configuration.endTokens.contains($0) }
        let tensors = try SafetensorsDirectory(path, maps: maps)
        let names = TransformerTensorNames(tensors)
        if names.areThoseOfMasters {
            quantization = quantization ?? BitNetQuantization()
            quantization?.isOnline = true
        } else if try quantization == nil && reader.bool("is_bitnet_config") == true {
            quantization = BitNetQuantization(isOnline: true)
        } else if quantization == nil && tensors.tensors.keys.contains(where: { $0.hasSuffix(".weight_scale") }) {
            quantization = BitNetQuantization()
        }
        configuration.quantizesActivations = quantization != nil
        if tensors.tensors["lm_head.weight"] == nil { configuration.tiesEmbeddings = true }
        // Of so many layers each must have at least one tensor: a huge count does not make us build a huge list of names.
        guard configuration.layerCount <= tensors.tensors.count else {
            throw FileError(
                path, at: "num_hidden_layers",
                "is \(configuration.layerCount) and there are only \(tensors.tensors.count) tensors")
        }
        keepsBFloat16 = try reader.string("dtype") ?? reader.string("torch_dtype") != "float32"
        self.configuration = configuration
        self.tensors = tensors
        self.names = names
        self.quantization = quantization
        let inventory = TransformerInventory(tensors: tensors, names: names, configuration: configuration)
        let layers = try (0..<configuration.layerCount).map(inventory.layer)
        let all = try inventory.outside() + layers.joined()
        layerByteCounts = layers.map { $0.reduce(0) { $0 + $1.byteCount } }
        byteCount = all.reduce(0) { $0 + $1.byteCount }
        try inventory.refuseOthers(than: Set(all.map(\.name)))
    }

    /// The `eos_token_id` of a `generation_config.json`, if there is one.
    private static func generationEndTokens(_ path: String, vocabulary: Int) throws -> [Int] {
        let file = "\(path)/generation_config.json"
        guard PathKind(file) != .nothing else { return [] }
        return try ConfigurationReader(path: file).tokens("eos_token_id", vocabulary: vocabulary) ?? []
    }

    func byteCount(layer: Int) -> Int { layerByteCounts[layer] }

    func readEmbedding() throws -> LinearMatrix { try table(names.embedding) }

    func readFinalNorm() throws -> [Float] { try tensors.vector(names.finalNorm, shape: [configuration.hiddenSize]) }

    func readHead() throws -> Projection? {
        configuration.tiesEmbeddings ? nil : Projection(try table("lm_head.weight"))
    }

    /// The embedding or the head, which BitNet leaves dense.
    private func table(_ name: String) throws -> LinearMatrix {
        let (rows, columns) = (configuration.vocabularySize, configuration.hiddenSize)
        return quantization == nil
            ? try tensors.ternaryOrDense(name, rows: rows, columns: columns)
            : .dense(try tensors.dense(name, rows: rows, columns: columns))
    }

    func readLayer(_ index: Int) throws -> TransformerLayer {
        func vector(_ suffix: String, _ length: Int) throws -> [Float] {
            try tensors.vector(names.name(index, suffix), shape: [length])
        }
        func projection(_ role: ProjectionRole) throws -> Projection {
            let (rows, columns) = role.shape(configuration)
            let norm = try names.projectionNorms[role].map {
                (weight: try vector("\(role.suffix).\($0)", columns), epsilon: quantization?.normEpsilon ?? 1e-6)
            }
            return Projection(
                try matrix(names.name(index, role.suffix), (rows, columns)),
                bias: names.biases.contains(role) ? try vector(role.suffix + ".bias", rows) : nil, norm: norm)
        }
        let (hidden, head) = (configuration.hiddenSize, configuration.headSize)
        return TransformerLayer(
            attentionNorm: try vector("input_layernorm.weight", hidden), query: try projection(.query),
            key: try projection(.key), value: try projection(.value),
            queryNorm: names.hasHeadNorms ? try vector("self_attn.q_norm.weight", head) : nil,
            keyNorm: names.hasHeadNorms ? try vector("self_attn.k_norm.weight", head) : nil,
            attentionSubNorm: try names.attentionSubNorm.map { try vector($0, configuration.queryWidth) },
            output: try projection(.output), feedForwardNorm: try vector("post_attention_layernorm.weight", hidden),
            gate: try projection(.gate), up: try projection(.up),
            feedForwardSubNorm: try names.feedForwardSubNorm.map { try vector($0, configuration.intermediateSize) },
            down: try projection(.down))
    }

    /// A module's matrix, in the form in which its tensors and the quantisation say it is stored.
    private func matrix(_ module: String, _ shape: (rows: Int, columns: Int)) throws -> LinearMatrix {
        let (rows, columns) = shape
        let name = module + ".weight"
        guard let quantization else { return try tensors.ternaryOrDense(name, rows: rows, columns: columns) }
        let gamma = try tensors.scale(module + ".weight_scale").map(quantization.gamma)
        if tensors.isPacked(name) {
            return .ternary(try tensors.packedTernary(name, rows: rows, columns: columns, scale: gamma ?? 1), nil)
        }
        if quantization.keepsDense(module) {
            return .dense(try tensors.dense(name, rows: rows, columns: columns))
        }
        if quantization.isOnline, gamma == nil {
            return .ternary(try tensors.master(name, rows: rows, columns: columns, keepsBFloat16: keepsBFloat16), nil)
        }
        guard case .ternary(var matrix, nil) = try tensors.ternaryOrDense(name, rows: rows, columns: columns) else {
            let reason =
                "is neither ternary nor, by quantization_config, a master to be ternarised, nor among modules_to_not_convert"
            throw FileError(tensors.tensors[name]!.file.path, at: name, reason)
        }
        matrix.scale *= gamma ?? 1
        return .ternary(matrix, nil)
    }
}
