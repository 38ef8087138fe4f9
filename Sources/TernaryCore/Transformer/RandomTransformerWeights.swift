/// A transformer for measuring and testing a shape without a checkpoint; the same for the same seed everywhere.
///
/// Trits, scales, norms and the embedding are drawn as `RandomWeights` draws them; a head of its own is drawn like an embedding. All
/// tensors are one stream of random numbers, the layers' first, in which a part's place is known: parts are made in any order.
public struct RandomTransformerWeights: TransformerSource {
    /// The shape.
    public let preset: TransformerPreset
    /// Of the stream.
    public let seed: UInt64
    /// Whether the scales of ternary matrices are numbers of binary16, as the blocks of most files want them.
    public let hasHalfScales: Bool

    /// Weights of a shape; makes none of them yet.
    public init(_ preset: TransformerPreset, seed: UInt64, hasHalfScales: Bool = false) {
        precondition(preset.embedding.byteCount == 2, "random embeddings are of 16 bits")
        self.preset = preset
        self.seed = seed
        self.hasHalfScales = hasHalfScales
    }

    /// The model's shape.
    public var configuration: TransformerConfiguration { preset.configuration }
    /// Bytes as they will be held in memory, without the few that norms take.
    public var byteCount: Int {
        configuration.layerCount * configuration.ternaryByteCountPerLayer + 2 * tableCount
            * (configuration.tiesEmbeddings ? 1 : 2)
    }
    /// The same of one layer.
    public func byteCount(layer: Int) -> Int { configuration.ternaryByteCountPerLayer }

    /// Values in the embedding, and in the head.
    private var tableCount: Int { configuration.vocabularySize * configuration.hiddenSize }
    private var tableDraws: Int { RandomTensors.draws(sixteenBitFloats: tableCount) }

    /// Random numbers that a layer takes: one a norm's weight, one a word of 16 trits.
    private var layerDraws: Int {
        let subNorms = preset.hasSubNorms ? configuration.queryWidth + configuration.intermediateSize : 0
        return 2 * configuration.hiddenSize + subNorms + configuration.ternaryByteCountPerLayer / 4
    }

    private func tensors(fromLayer layer: Int, skipping more: Int = 0) -> RandomTensors {
        RandomTensors(
            generator: SplitMix64(seed: seed).advanced(by: layer * layerDraws + more), hasHalfScales: hasHalfScales)
    }

    /// Makes a block: norms, then matrices in the order of their use.
    public func readLayer(_ index: Int) -> TransformerLayer {
        var random = tensors(fromLayer: index)
        let shape = configuration
        let attentionNorm = random.norm(shape.hiddenSize)
        let feedForwardNorm = random.norm(shape.hiddenSize)
        let subNorms = preset.hasSubNorms ? (random.norm(shape.queryWidth), random.norm(shape.intermediateSize)) : nil
        // The two matrices that feed the residual stream share its variance among all layers.
        let residual = 1 / Float(2 * shape.layerCount).squareRoot()
        let projections = shape.projectionShapes.enumerated().map { place, size in
            let gain = place == 3 || place == 6 ? residual : 1
            return Projection(.ternary(random.matrix(rows: size.rows, columns: size.columns, gain: gain)[0], nil))
        }
        return TransformerLayer(
            attentionNorm: attentionNorm, query: projections[0], key: projections[1], value: projections[2],
            attentionSubNorm: subNorms?.0, output: projections[3], feedForwardNorm: feedForwardNorm, gate: projections[4],
            up: projections[5], feedForwardSubNorm: subNorms?.1, down: projections[6])
    }

    /// Makes the embedding.
    public func readEmbedding() -> LinearMatrix { table(tensors(fromLayer: configuration.layerCount)) }

    /// Makes the final norm.
    public func readFinalNorm() -> [Float] {
        var random = tensors(fromLayer: configuration.layerCount, skipping: tableDraws)
        return random.norm(configuration.hiddenSize)
    }

    /// Makes the head; nil where it is the embedding.
    public func readHead() -> Projection? {
        guard !configuration.tiesEmbeddings else { return nil }
        return Projection(table(tensors(fromLayer: configuration.layerCount, skipping: tableDraws + configuration.hiddenSize)))
    }

    private func table(_ random: RandomTensors) -> LinearMatrix {
        .dense(
            DenseMatrix(
                rows: configuration.vocabularySize, columns: configuration.hiddenSize, element: preset.embedding,
                factors: random.sixteenBitFloats(tableCount, as: preset.embedding)))
    }
}
