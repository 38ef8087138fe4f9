import TernaryCore

/// A transformer with ternary projections in plain loops, one token at a time: the definition of right for every other backend.
public struct TransformerReference: Sendable {
    /// The model's tensors.
    public let weights: TransformerWeights
    /// How keys and values are kept.
    public let cacheElement: KeyValueElement
    /// Keys, turned, and values of every block's tokens so far, `(L, tokens, G * d)`.
    public private(set) var keys, values: [[[Float]]]
    private let frequencies: [Float]
    private let norms: [TransformerNorms]

    /// A model at the start of a text.
    public init(_ weights: TransformerWeights, cacheElement: KeyValueElement = .float32) {
        self.weights = weights
        self.cacheElement = cacheElement
        keys = Array(repeating: [], count: weights.layers.count)
        values = keys
        frequencies = weights.configuration.rotation.frequencies(headSize: weights.configuration.headSize)
        norms = weights.layers.map { TransformerNorms($0, epsilon: weights.configuration.normEpsilon) }
    }

    /// Tokens taken so far.
    public var position: Int { keys[0].count }

    /// Takes one token through all blocks and keeps its keys and values.
    ///
    /// - Parameter observe: is given the values of each stage, with the block's index.
    /// - Returns: the residual stream after the last block, `(D)`.
    public mutating func step(_ token: Int, observe: (Stage, Int, [Float]) -> Void = { _, _, _ in }) -> [Float] {
        let configuration = weights.configuration
        let turn = RotaryEmbedding.turn(
            position, frequencies: frequencies, factor: configuration.rotation.attentionFactor)
        var x = weights.embedding.row(token).map(Exact.settle)
        observe(.embedding, 0, x)
        for (index, layer) in weights.layers.enumerated() {
            let norm = norms[index]
            let query = heads(project(x, norm.query, layer.query), norm: layer.queryNorm, turn)
            let key = heads(project(x, norm.key, layer.key), norm: layer.keyNorm, turn)
            keys[index].append(cacheElement.rounded(key))
            values[index].append(cacheElement.rounded(project(x, norm.value, layer.value)))
            let attended = attention(query: query, keys: keys[index], values: values[index], configuration)
            observe(.attended, index, attended)
            x = zip(x, project(attended, norm.output, layer.output)).map(residual)
            observe(.mixed, index, x)

            let gate = project(x, norm.gate, layer.gate)
            let up = project(x, norm.up, layer.up)
            let product = zip(gate, up).map { glu(gate: $0, up: $1, configuration.activation) }
            observe(.product, index, product)
            x = zip(x, project(product, norm.down, layer.down)).map(residual)
            observe(.output, index, x)
        }
        return x
    }

    /// Logits of the next token, `(V)`, from the residual stream after the last block.
    public func logits(_ x: [Float]) -> [Float] {
        let head = weights.head ?? Projection(weights.embedding)
        return linear(finalHidden(x), norms: head.norm.map { [$0] } ?? [], head, quantizesActivations: false)
    }

    /// The residual stream after the final norm, `(D)`.
    public func finalHidden(_ x: [Float]) -> [Float] {
        rmsNorm(x, weight: weights.finalNorm, epsilon: weights.configuration.normEpsilon)
    }

    private func project(_ x: [Float], _ norms: NormChain, _ projection: Projection) -> [Float] {
        linear(x, norms: norms, projection, quantizesActivations: weights.configuration.quantizesActivations)
    }

    /// Each head normed, where there is a norm, and turned.
    private func heads(_ x: [Float], norm: [Float]?, _ turn: (cosines: [Float], sines: [Float])) -> [Float] {
        let size = weights.configuration.headSize
        return stride(from: 0, to: x.count, by: size).flatMap { first -> [Float] in
            var head = Array(x[first..<first + size])
            if let norm { head = rmsNorm(head, weight: norm, epsilon: weights.configuration.normEpsilon) }
            return rotated(head, cosines: turn.cosines, sines: turn.sines)
        }
    }
}
