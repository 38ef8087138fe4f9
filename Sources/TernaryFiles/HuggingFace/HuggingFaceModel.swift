import TernaryCore

/// A MatMul-free model in a Hugging Face directory: `config.json` and safetensors files.
struct HuggingFaceModel: WeightSource {
    let path: String
    let configuration: MatMulFreeConfiguration
    let tensors: SafetensorsDirectory
    private let lowerBounds: [[Float]?]

    /// Checks the configuration and that every tensor is there, with its shape, and no other; reads no weights.
    ///
    /// - Parameter maps: whether the embedding is used where it lies in the files.
    init(_ path: String, maps: Bool = false) throws {
        self.path = path
        var configuration = try MatMulFreeConfiguration(ConfigurationReader(path: "\(path)/config.json"))
        let tensors = try SafetensorsDirectory(path, maps: maps)
        self.tensors = tensors
        // Upstream saves no lm_head where it is tied, whatever the configuration says; a tied checkpoint may still carry one.
        if tensors.tensors["lm_head.weight"] == nil { configuration.tiesEmbeddings = true }
        self.configuration = configuration
        // Of so many layers each must have at least one tensor: a huge count does not make us build a huge list of names.
        guard configuration.layerCount <= tensors.tensors.count else {
            throw FileError(
                path, at: "num_hidden_layers",
                "is \(configuration.layerCount) and there are only \(tensors.tensors.count) tensors")
        }
        let expected = configuration.huggingFaceTensors()
        for (name, shape) in expected { _ = try tensors.entry(name, shape: shape) }
        let known = Set(expected.map(\.name))
        for (name, entry) in tensors.tensors where !known.contains(name) {
            if name == "lm_head.weight" { continue }
            throw FileError(entry.file.path, at: name.forMessage, "is not a tensor of this architecture")
        }
        let (layers, width) = (configuration.layerCount, configuration.hiddenSize)
        lowerBounds =
            configuration.usesLowerBounds
            ? LowerBounds.bounds(
                try tensors.vector("model.lower_bounds", shape: [layers, width]), layers: layers, width: width)
            : Array(repeating: nil, count: layers)
    }

    var byteCount: Int { tensors.tensors.values.reduce(0) { $0 + $1.tensor.byteCount } }

    func byteCount(layer: Int) -> Int {
        let prefix = "model.layers.\(layer)."
        let names =
            BlockNormRole.allCases.map { prefix + $0.suffix }
            + BitLinearRole.allCases.flatMap { [prefix + $0.suffix + ".weight", prefix + $0.suffix + ".norm.weight"] }
        return names.reduce(0) { $0 + (tensors.tensors[$1]?.tensor.byteCount ?? 0) }
    }

    func readEmbedding() throws -> EmbeddingTable {
        try tensors.embedding("model.embeddings.weight", rows: configuration.vocabularySize, columns: configuration.hiddenSize)
    }

    func readFinalNorm() throws -> [Float] { try tensors.vector("model.norm.weight", shape: [configuration.hiddenSize]) }

    func readHead() throws -> BitLinearWeights {
        let weight = configuration.tiesEmbeddings ? "model.embeddings.weight" : "lm_head.weight"
        let matrix = try tensors.matrices(weight, rows: configuration.vocabularySize, columns: configuration.hiddenSize)[0]
        return BitLinearWeights(
            norm: try tensors.vector("lm_head.norm.weight", shape: [configuration.hiddenSize]), matrix: matrix)
    }

    func readLayer(_ index: Int) throws -> MatMulFreeLayer {
        let gateUp = try matrices(.gateUp, index)
        return MatMulFreeLayer(
            attentionNorm: try norm(.attention, index), input: try bitLinear(.input, index),
            forget: try bitLinear(.forget, index),
            gate: try bitLinear(.gate, index), gateNorm: try norm(.gate, index), output: try bitLinear(.output, index),
            mlpNorm: try norm(.mlp, index), gateUpNorm: try bitLinearNorm(.gateUp, index), mlpGate: gateUp[0], mlpUp: gateUp[1],
            down: try bitLinear(.down, index), lowerBound: lowerBounds[index])
    }

    private func norm(_ role: BlockNormRole, _ layer: Int) throws -> [Float] {
        try tensors.vector("model.layers.\(layer).\(role.suffix)", shape: [role.width(configuration)])
    }

    private func bitLinearNorm(_ role: BitLinearRole, _ layer: Int) throws -> [Float] {
        try tensors.vector("model.layers.\(layer).\(role.suffix).norm.weight", shape: [role.shape(configuration).columns])
    }

    private func matrices(_ role: BitLinearRole, _ layer: Int) throws -> [TernaryMatrix] {
        let (rows, columns) = role.shape(configuration)
        return try tensors.matrices(
            "model.layers.\(layer).\(role.suffix).weight", rows: rows, columns: columns, parts: role == .gateUp ? 2 : 1)
    }

    private func bitLinear(_ role: BitLinearRole, _ layer: Int) throws -> BitLinearWeights {
        BitLinearWeights(norm: try bitLinearNorm(role, layer), matrix: try matrices(role, layer)[0])
    }
}
