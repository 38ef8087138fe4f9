import TernaryCore

extension Checkpoint {
    /// One tensor as it is stored.
    public struct TensorDescription: Sendable, Equatable {
        /// The name in the file.
        public let name: String
        /// "BF16", "TQ2_0", ...
        public let type: String
        /// Rows first; of a GGUF file's ternary matrices, padded to whole blocks.
        public let shape: [Int]
        /// Bytes in the file.
        public let byteCount: Int
    }

    /// Some of a file's tensors, by what they are for.
    public struct Part: Sendable, Equatable {
        /// "weights", "embedding" or "norms".
        public let name: String
        /// Bytes in the file.
        public let byteCount: Int
    }

    /// The kind of file, with its type of weights: "GGUF, TQ2_0".
    public var format: String {
        switch storage {
        case .huggingFace(let tensors):
            let types = Set(tensors.tensors.values.map(\.tensor.type)).sorted()
            return "Hugging Face directory, " + types.joined(separator: " and ")
        case .gguf(let file) where file.isPacked: return "GGUF, T2: packed, used where it lies"
        case .gguf(let file):
            let types = Set(
                file.tensors.values.filter { $0.dimensions.count == 2 && $0.name != MatMulFreeGGUF.embedding }.map(\.type.name)
            ).sorted()
            return "GGUF, " + types.joined(separator: " and ")
        }
    }

    /// All tensors, in order of their names, numbers by value.
    public var tensors: [TensorDescription] {
        let tensors: [TensorDescription]
        switch storage {
        case .huggingFace(let directory):
            tensors = directory.tensors.values.map(\.tensor).map {
                TensorDescription(name: $0.name, type: $0.type, shape: $0.shape, byteCount: $0.byteCount)
            }
        case .gguf(let file):
            tensors = file.tensors.values.map {
                TensorDescription(name: $0.name, type: $0.type.name, shape: $0.dimensions.reversed(), byteCount: $0.byteCount)
            }
        }
        func key(_ name: String) -> [(number: Int, text: Substring)] {
            name.split(separator: ".").map { (Int($0) ?? -1, $0) }
        }
        return tensors.map { (key($0.name), $0) }.sorted { a, b in
            for (left, right) in zip(a.0, b.0) where left != right { return left < right }
            return a.0.count < b.0.count
        }.map(\.1)
    }

    /// The type in which the embedding is stored. It is held in memory in the narrowest type that loses nothing, so binary32 may
    /// become narrower, which only its values tell.
    public var embeddingElement: EmbeddingTable.Element {
        switch tensors.first(where: Self.isEmbedding)?.type {
        case "F16": .float16
        case "BF16": .bfloat16
        default: .float32
        }
    }

    private static func isEmbedding(_ tensor: TensorDescription) -> Bool {
        ["model.embeddings.weight", "model.embed_tokens.weight", MatMulFreeGGUF.embedding].contains(tensor.name)
    }

    /// Bytes in the file by what they are for; tensors of one column are norms, bounds and scales.
    public var parts: [Part] {
        var bytes = (weights: 0, embedding: 0, norms: 0)
        for tensor in tensors {
            if Self.isEmbedding(tensor) {
                bytes.embedding += tensor.byteCount
            } else if tensor.shape.count == 2, tensor.name != "model.lower_bounds" {
                bytes.weights += tensor.byteCount
            } else {
                bytes.norms += tensor.byteCount
            }
        }
        return [
            Part(name: "weights", byteCount: bytes.weights), Part(name: "embedding", byteCount: bytes.embedding),
            Part(name: "norms", byteCount: bytes.norms),
        ]
    }
}
