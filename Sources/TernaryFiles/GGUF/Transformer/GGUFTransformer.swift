import TernaryCore

/// A transformer with ternary projections in a GGUF file: BitNet, or a LLaMA or Qwen3 of ternary weights.
public struct GGUFTransformer: TransformerSource {
    /// The model's shape.
    public let configuration: TransformerConfiguration
    /// What was put right in the file's metadata, a line each; to be told to whoever uses the model.
    public let notices: [String]
    let file: GGUFFile

    /// Checks the metadata and that every tensor is there, with its shape, and no other; reads no weights but, of ternary blocks in the
    /// outermost layers, scales, which tell whether activations are quantised.
    ///
    /// - Throws: `FileError`.
    init(_ file: GGUFFile) throws {
        var (configuration, notices) = try TransformerGGUF.configuration(file)
        guard configuration.layerCount <= file.tensors.count else {
            throw FileError(
                file.path, at: "\(file.architecture).block_count",
                "is \(configuration.layerCount) and there are only \(file.tensors.count) tensors")
        }
        try Self.checkTensors(file, configuration)
        configuration.quantizesActivations = try Self.quantizesActivations(file, configuration)
        notices += Self.tokenizerNotices(file, configuration)
        (self.file, self.configuration, self.notices) = (file, configuration, notices)
    }

    /// `general.architecture`.
    public var architecture: String { file.architecture }

    /// Bytes of all tensors in the file.
    public var byteCount: Int { file.tensors.values.reduce(0) { $0 + $1.byteCount } }

    /// Bytes of a block's tensors in the file.
    public func byteCount(layer: Int) -> Int {
        TransformerGGUF.names(layer: layer).reduce(0) { $0 + (file.tensors[$1]?.byteCount ?? 0) }
    }

    /// The table.
    public func readEmbedding() throws -> LinearMatrix {
        try matrix(TransformerGGUF.embedding, rows: configuration.vocabularySize, columns: configuration.hiddenSize)
    }

    /// The norm before the head.
    public func readFinalNorm() throws -> [Float] {
        try file.vector(TransformerGGUF.finalNorm, count: configuration.hiddenSize)
    }

    /// The head; nil where the file has none of its own.
    public func readHead() throws -> Projection? {
        guard !configuration.tiesEmbeddings else { return nil }
        return try projection(TransformerGGUF.head, rows: configuration.vocabularySize, columns: configuration.hiddenSize)
    }

    /// A block.
    public func readLayer(_ index: Int) throws -> TransformerLayer {
        func norm(_ norm: TransformerGGUF.Norm) throws -> [Float]? {
            try file.optionalVector(TransformerGGUF.name(index, norm), count: norm.width(configuration))
        }
        func required(_ norm: TransformerGGUF.Norm) throws -> [Float] {
            try file.vector(TransformerGGUF.name(index, norm), count: norm.width(configuration))
        }
        func linear(_ role: TransformerGGUF.Role) throws -> Projection {
            let shape = role.shape(configuration)
            return try projection(
                TransformerGGUF.name(index, role), rows: shape.rows, columns: shape.columns,
                isPermuted: role.hasPermutedRows && TransformerGGUF.permutesHeads(file.architecture, isPacked: file.isPacked))
        }
        return TransformerLayer(
            attentionNorm: try required(.attention), query: try linear(.query), key: try linear(.key), value: try linear(.value),
            queryNorm: try norm(.query), keyNorm: try norm(.key), attentionSubNorm: try norm(.attentionSub),
            output: try linear(.output), feedForwardNorm: try required(.feedForward), gate: try linear(.gate),
            up: try linear(.up),
            feedForwardSubNorm: try norm(.feedForwardSub), down: try linear(.down))
    }
}
