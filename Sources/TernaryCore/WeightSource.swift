/// Where a MatMul-free model's tensors come from, one part at a time: a checkpoint, a seed, or memory.
public protocol WeightSource: Sendable {
    /// The model's shape.
    var configuration: MatMulFreeConfiguration { get }
    /// Bytes of all tensors as they are stored.
    var byteCount: Int { get }
    /// Bytes of the tensors of one layer as they are stored.
    func byteCount(layer: Int) -> Int
    /// The table, in the narrowest type that holds every value.
    func readEmbedding() throws -> EmbeddingTable
    /// `model.norm`.
    func readFinalNorm() throws -> [Float]
    /// `lm_head`.
    func readHead() throws -> BitLinearWeights
    /// A block.
    func readLayer(_ index: Int) throws -> MatMulFreeLayer
}

extension WeightSource {
    /// Bytes of what belongs to no layer.
    public var byteCountOutsideLayers: Int {
        byteCount - (0..<configuration.layerCount).reduce(0) { $0 + byteCount(layer: $1) }
    }
}

extension MatMulFreeWeights: WeightSource {
    /// Bytes of a layer's tensors as held in memory.
    public func byteCount(layer: Int) -> Int { layers[layer].ternaryByteCount + layers[layer].normByteCount }
    /// The table itself.
    public func readEmbedding() -> EmbeddingTable { embedding }
    /// The norm itself.
    public func readFinalNorm() -> [Float] { finalNorm }
    /// The head itself.
    public func readHead() -> BitLinearWeights { head }
    /// The layer itself.
    public func readLayer(_ index: Int) -> MatMulFreeLayer { layers[index] }

    /// Reads all tensors of a source, telling `progress` the share of its bytes that is done.
    public init(_ source: any WeightSource, progress: (_ share: Double) -> Void = { _ in }) throws {
        let total = source.byteCount
        progress(0)
        let embedding = try source.readEmbedding()
        let head = try source.readHead()
        let finalNorm = try source.readFinalNorm()
        let configuration = source.configuration
        var done = source.byteCountOutsideLayers
        progress(Double(done) / Double(max(1, total)))
        var layers: [MatMulFreeLayer] = []
        for index in 0..<configuration.layerCount {
            layers.append(try source.readLayer(index))
            done += source.byteCount(layer: index)
            progress(Double(done) / Double(max(1, total)))
        }
        self.init(configuration: configuration, embedding: embedding, layers: layers, finalNorm: finalNorm, head: head)
    }
}
