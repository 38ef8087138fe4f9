/// One block: attention and a gated feed-forward network, each behind a norm and added to the residual stream.
public struct TransformerLayer: Sendable, Equatable {
    /// `input_layernorm`, `(D)`.
    public var attentionNorm: [Float]
    /// `(H * d, D)`, `(G * d, D)`, `(G * d, D)`.
    public var query, key, value: Projection
    /// RMSNorm of every query head and every key head before they are turned, `(d)` (Qwen3).
    public var queryNorm, keyNorm: [Float]?
    /// `attn_sub_norm`, `(H * d)`: an RMSNorm between attention and `output` (BitNet).
    public var attentionSubNorm: [Float]?
    /// `(D, H * d)`.
    public var output: Projection
    /// `post_attention_layernorm`, `(D)`.
    public var feedForwardNorm: [Float]
    /// `(F, D)` each.
    public var gate, up: Projection
    /// `ffn_sub_norm`, `(F)`: an RMSNorm between the product and `down` (BitNet).
    public var feedForwardSubNorm: [Float]?
    /// `(D, F)`.
    public var down: Projection

    /// A block of its parts.
    public init(
        attentionNorm: [Float], query: Projection, key: Projection, value: Projection, queryNorm: [Float]? = nil,
        keyNorm: [Float]? = nil, attentionSubNorm: [Float]? = nil, output: Projection, feedForwardNorm: [Float], gate: Projection,
        up: Projection, feedForwardSubNorm: [Float]? = nil, down: Projection
    ) {
        self.attentionNorm = attentionNorm
        self.query = query
        self.key = key
        self.value = value
        self.queryNorm = queryNorm
        self.keyNorm = keyNorm
        self.attentionSubNorm = attentionSubNorm
        self.output = output
        self.feedForwardNorm = feedForwardNorm
        self.gate = gate
        self.up = up
        self.feedForwardSubNorm = feedForwardSubNorm
        self.down = down
    }

    /// q, k, v, o, gate, up, down.
    public var projections: [Projection] { [query, key, value, output, gate, up, down] }
    /// Bytes of matrices.
    public var matrixByteCount: Int { projections.reduce(0) { $0 + $1.matrix.byteCount } }
}

/// All tensors of a transformer, ternary matrices packed; every float in it is settled (`Exact.settle`).
public struct TransformerWeights: Sendable, Equatable {
    /// The model's shape.
    public var configuration: TransformerConfiguration
    /// `(V, D)`.
    public var embedding: LinearMatrix
    /// L blocks, the first first.
    public var layers: [TransformerLayer]
    /// `model.norm`, `(D)`.
    public var finalNorm: [Float]
    /// `lm_head`, `(V, D)`; nil where it is the embedding.
    public var head: Projection?

    /// A whole model of its parts.
    public init(
        configuration: TransformerConfiguration, embedding: LinearMatrix, layers: [TransformerLayer], finalNorm: [Float],
        head: Projection?
    ) {
        self.configuration = configuration
        self.embedding = embedding
        self.layers = layers
        self.finalNorm = finalNorm
        self.head = head
    }

    /// Bytes of the matrices that every token reads: all but an embedding that is not the head too.
    public var byteCountPerToken: Int { byteCount - (head == nil ? 0 : embedding.byteCount) }

    /// Bytes of all matrices.
    public var byteCount: Int {
        layers.reduce(embedding.byteCount + (head?.matrix.byteCount ?? 0)) { $0 + $1.matrixByteCount }
    }

    /// Bytes of matrices that lie in a mapped file.
    public var mappedByteCount: Int {
        let matrices = [embedding] + (head.map { [$0.matrix] } ?? []) + layers.flatMap { $0.projections.map(\.matrix) }
        return matrices.reduce(0) { $0 + $1.mappedByteCount }
    }
}

/// Where a transformer's tensors come from, one part at a time: a checkpoint, a seed, or memory.
public protocol TransformerSource: Sendable {
    /// The model's shape.
    var configuration: TransformerConfiguration { get }
    /// Bytes of all tensors as they are stored.
    var byteCount: Int { get }
    /// Bytes of the tensors of one layer as they are stored.
    func byteCount(layer: Int) -> Int
    /// The table, `(V, D)`.
    func readEmbedding() throws -> LinearMatrix
    /// `model.norm`.
    func readFinalNorm() throws -> [Float]
    /// `lm_head`; nil where it is the embedding.
    func readHead() throws -> Projection?
    /// A block.
    func readLayer(_ index: Int) throws -> TransformerLayer
}

extension TransformerWeights: TransformerSource {
    /// Bytes of a layer's matrices as held in memory.
    public func byteCount(layer: Int) -> Int { layers[layer].matrixByteCount }
    /// The table itself.
    public func readEmbedding() -> LinearMatrix { embedding }
    /// The norm itself.
    public func readFinalNorm() -> [Float] { finalNorm }
    /// The head itself.
    public func readHead() -> Projection? { head }
    /// The layer itself.
    public func readLayer(_ index: Int) -> TransformerLayer { layers[index] }

    /// Reads all tensors of a source, telling `progress` the share of its bytes that is done.
    public init(_ source: any TransformerSource, progress: (_ share: Double) -> Void = { _ in }) throws {
        let total = Double(max(1, source.byteCount))
        progress(0)
        let configuration = source.configuration
        let (embedding, head, finalNorm) = (try source.readEmbedding(), try source.readHead(), try source.readFinalNorm())
        var done = (0..<configuration.layerCount).reduce(source.byteCount) { $0 - source.byteCount(layer: $1) }
        progress(Double(done) / total)
        var layers: [TransformerLayer] = []
        for index in 0..<configuration.layerCount {
            layers.append(try source.readLayer(index))
            done += source.byteCount(layer: index)
            progress(Double(done) / total)
        }
        self.init(configuration: configuration, embedding: embedding, layers: layers, finalNorm: finalNorm, head: head)
    }
}
