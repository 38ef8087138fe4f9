import TernaryCore

/// A transformer's tensors in the order in which a device takes them, read ahead: the embedding, the head, and the layers.
final class TransformerStream {
    private enum Part: Sendable {
        case embedding(LinearMatrix)
        case head(Projection?, finalNorm: [Float])
        case layer(TransformerLayer)
    }

    /// The model's shape.
    let configuration: TransformerConfiguration
    /// Bytes of all tensors as they are stored.
    let byteCount: Int
    private let parts: ReadAhead<Part>

    /// Begins to read.
    init(_ source: any TransformerSource) {
        configuration = source.configuration
        byteCount = source.byteCount
        parts = ReadAhead(count: 2 + source.configuration.layerCount) { index in
            switch index {
            case 0: .embedding(try source.readEmbedding())
            case 1: .head(try source.readHead(), finalNorm: try source.readFinalNorm())
            default: .layer(try source.readLayer(index - 2))
            }
        }
    }

    /// To be called first.
    func embedding() throws -> LinearMatrix {
        guard case .embedding(let table)? = try parts.take() else { preconditionFailure("the embedding is the first part") }
        return table
    }

    /// To be called second.
    func head() throws -> (head: Projection?, finalNorm: [Float]) {
        guard case .head(let head, let finalNorm)? = try parts.take() else { preconditionFailure("the head is the second part") }
        return (head, finalNorm)
    }

    /// The next of as many as the model has.
    func layer() throws -> TransformerLayer {
        guard case .layer(let layer)? = try parts.take() else { preconditionFailure("layers come last") }
        return layer
    }
}
