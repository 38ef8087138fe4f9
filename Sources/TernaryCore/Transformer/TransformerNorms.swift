/// RMSNorms that a row passes in order, each with what is added to the mean square: at most two.
public typealias NormChain = [(weight: [Float], epsilon: Float)]

/// The norms in front of each matrix of a block: the block's or the sub-norm, then the projection's own.
public struct TransformerNorms: Sendable {
    /// In front of the matrix of that name.
    public let query, key, value, output, gate, up, down: NormChain

    /// The norms of one block.
    public init(_ layer: TransformerLayer, epsilon: Float) {
        func chain(_ block: [Float]?, _ projection: Projection) -> NormChain {
            [block.map { (weight: $0, epsilon: epsilon) }, projection.norm].compactMap { $0 }
        }
        query = chain(layer.attentionNorm, layer.query)
        key = chain(layer.attentionNorm, layer.key)
        value = chain(layer.attentionNorm, layer.value)
        output = chain(layer.attentionSubNorm, layer.output)
        gate = chain(layer.feedForwardNorm, layer.gate)
        up = chain(layer.feedForwardNorm, layer.up)
        down = chain(layer.feedForwardSubNorm, layer.down)
    }
}
