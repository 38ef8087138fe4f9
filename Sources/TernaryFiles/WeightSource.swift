import TernaryCore

/// Called after each tensor with the bytes of the source that are done and their total.
public typealias LoadProgress = (_ bytesDone: Int, _ bytesTotal: Int) -> Void

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
    /// Reads all tensors of a source.
    init(_ source: some WeightSource, progress: LoadProgress?) throws {
        let total = source.byteCount
        progress?(0, total)
        let embedding = try source.embedding()
        let head = try source.head()
        let finalNorm = try source.finalNorm()
        let configuration = source.configuration
        var done = total - (0..<configuration.layerCount).reduce(0) { $0 + source.byteCount(layer: $1) }
        progress?(done, total)
        var layers: [MatMulFreeLayer] = []
        for index in 0..<configuration.layerCount {
            layers.append(try source.layer(index))
            done += source.byteCount(layer: index)
            progress?(done, total)
        }
        self.init(configuration: configuration, embedding: embedding, layers: layers, finalNorm: finalNorm, head: head)
    }
}
