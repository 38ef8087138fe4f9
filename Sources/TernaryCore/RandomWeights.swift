/// Weights for measuring and testing a shape without a checkpoint; the same for the same seed everywhere.
///
/// Two thirds of the trits are not zero; matrices' scales make the output of a row about as large as a trained model's, so
/// that activations stay in range through any number of layers; norm weights lie in 0.8...1.2; the embedding is binary16,
/// roughly normal with deviation 0.58.
///
/// All tensors are one stream of random numbers, the layers' first, in which a part's place is known: parts are made in any order.
public struct RandomWeights: WeightSource {
    /// The shape.
    public let configuration: MatMulFreeConfiguration
    /// Of the stream.
    public let seed: UInt64

    /// Weights of a shape; makes none of them yet.
    public init(_ configuration: MatMulFreeConfiguration, seed: UInt64) {
        self.configuration = configuration
        self.seed = seed
    }

    /// Bytes as they will be held in memory, without the few that norms take.
    public var byteCount: Int { configuration.ternaryByteCount + 2 * configuration.vocabularySize * configuration.hiddenSize }
    /// The same of one layer.
    public func byteCount(layer: Int) -> Int { configuration.ternaryByteCountPerLayer }

    /// Random numbers that a layer takes: one a norm's weight, one a word of 16 trits, one a lower bound.
    private func draws(layer: Int) -> Int {
        let (h, d, i) = (configuration.hiddenSize, configuration.stateSize, configuration.intermediateSize)
        let norms = h + 3 * h + d + d + h + h + i
        return norms + configuration.ternaryByteCountPerLayer / 4 + (hasLowerBound(layer) ? d : 0)
    }

    private func hasLowerBound(_ layer: Int) -> Bool { configuration.usesLowerBounds && layer > 0 }

    private var embeddingDraws: Int {
        RandomTensors.draws(sixteenBitFloats: configuration.vocabularySize * configuration.hiddenSize)
    }

    private func tensors(fromLayer layer: Int, skipping more: Int = 0) -> RandomTensors {
        let draws = (0..<layer).reduce(more) { $0 + self.draws(layer: $1) }
        return RandomTensors(generator: SplitMix64(seed: seed).advanced(by: draws))
    }

    /// Makes a block.
    public func readLayer(_ index: Int) -> MatMulFreeLayer {
        var random = tensors(fromLayer: index)
        let (h, d, i) = (configuration.hiddenSize, configuration.stateSize, configuration.intermediateSize)
        // The two matrices that feed the residual stream share its variance among all layers.
        let residual = 1 / Float(2 * configuration.layerCount).squareRoot()
        let gateUp = random.matrix(rows: 2 * i, columns: h, gain: 1, parts: 2)
        return MatMulFreeLayer(
            attentionNorm: random.norm(h), input: random.bitLinear(rows: d, columns: h),
            forget: random.bitLinear(rows: d, columns: h), gate: random.bitLinear(rows: d, columns: h),
            gateNorm: random.norm(d), output: random.bitLinear(rows: h, columns: d, gain: residual),
            mlpNorm: random.norm(h), gateUpNorm: random.norm(h), mlpGate: gateUp[0], mlpUp: gateUp[1],
            down: random.bitLinear(rows: h, columns: i, gain: residual),
            lowerBound: hasLowerBound(index)
                ? random.lowerBound(d, depth: Float(index) / Float(configuration.layerCount)) : nil)
    }

    /// Makes the embedding.
    public func readEmbedding() -> EmbeddingTable {
        let (rows, columns) = (configuration.vocabularySize, configuration.hiddenSize)
        let bytes = tensors(fromLayer: configuration.layerCount).sixteenBitFloats(rows * columns, as: .float16)
        return EmbeddingTable(rows: rows, columns: columns, element: .float16, bytes: bytes)
    }

    /// Makes the final norm.
    public func readFinalNorm() -> [Float] {
        var random = tensors(fromLayer: configuration.layerCount, skipping: embeddingDraws)
        return random.norm(configuration.hiddenSize)
    }

    /// Makes the head.
    public func readHead() -> BitLinearWeights {
        var random = tensors(fromLayer: configuration.layerCount, skipping: embeddingDraws + configuration.hiddenSize)
        return random.bitLinear(rows: configuration.vocabularySize, columns: configuration.hiddenSize)
    }
}

extension MatMulFreeWeights {
    /// All of `RandomWeights`.
    ///
    /// - Parameter progress: is given the share that is done.
    public static func random(
        configuration: MatMulFreeConfiguration, seed: UInt64, progress: (Double) -> Void = { _ in }
    ) -> MatMulFreeWeights {
        let source = RandomWeights(configuration, seed: seed)
        let layers = (0..<configuration.layerCount).map { layer in
            progress(Double(layer) / Double(configuration.layerCount))
            return source.readLayer(layer)
        }
        progress(1)
        return MatMulFreeWeights(
            configuration: configuration, embedding: source.readEmbedding(), layers: layers, finalNorm: source.readFinalNorm(),
            head: source.readHead())
    }
}
