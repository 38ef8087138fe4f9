import TernaryCore

/// Where a MatMul-free model's tensors come from, one at a time.
protocol WeightSource {
    var configuration: MatMulFreeConfiguration { get }
    /// Bytes of all tensors.
    var byteCount: Int { get }
    func embedding() throws -> EmbeddingTable
    func finalNorm() throws -> [Float]
    func head() throws -> BitLinearWeights
    func layer(_ index: Int) throws -> MatMulFreeLayer
    /// Bytes of the tensors of one layer.
    func byteCount(layer: Int) -> Int
}

extension MatMulFreeWeights {
    /// Reads all tensors of a source, telling `progress` the share of its bytes that is done.
    init(_ source: some WeightSource, progress: (_ share: Double) -> Void) throws {
        let total = source.byteCount
        progress(0)
        let embedding = try source.embedding()
        let head = try source.head()
        let finalNorm = try source.finalNorm()
        let configuration = source.configuration
        var done = total - (0..<configuration.layerCount).reduce(0) { $0 + source.byteCount(layer: $1) }
        progress(Double(done) / Double(max(1, total)))
        var layers: [MatMulFreeLayer] = []
        for index in 0..<configuration.layerCount {
            layers.append(try source.layer(index))
            done += source.byteCount(layer: index)
            progress(Double(done) / Double(max(1, total)))
        }
        self.init(configuration: configuration, embedding: embedding, layers: layers, finalNorm: finalNorm, head: head)
    }
}
