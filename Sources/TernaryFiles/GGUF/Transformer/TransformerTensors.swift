import TernaryCore

/// Goes through a transformer's tensors in the order of a file, one layer in memory at a time.
struct TransformerTensors {
    /// A tensor as it is in memory.
    enum Content {
        case vector([Float])
        case matrix(LinearMatrix)
    }

    /// What the tensors show of the model's kind.
    struct Traits {
        var hasSubNorms = false
        var hasHeadNorms = false
    }

    let source: any TransformerSource
    /// Whether the matrix that gives logits is rounded to Q8_0.
    let quantizesHead: Bool
    /// To be named in errors.
    let path: String

    /// Calls `visit` with every tensor and whether some architectures permute its rows, and `progress` with the bytes of the source that
    /// are done.
    func forEach(
        progress: (Int) throws -> Void, _ visit: (_ name: String, Content, _ isOfHeads: Bool) throws -> Void
    ) throws -> Traits {
        let configuration = source.configuration
        var traits = Traits()
        do {
            let embedding = try source.readEmbedding()
            let written = configuration.tiesEmbeddings ? try quantizedHead(embedding, TransformerGGUF.embedding) : embedding
            try visit(TransformerGGUF.embedding, .matrix(written), false)
        }
        if var head = try source.readHead() {
            head.matrix = try quantizedHead(head.matrix, TransformerGGUF.head + ".weight")
            try self.visit(head, TransformerGGUF.head, visit)
        }
        try visit(TransformerGGUF.finalNorm, .vector(try source.readFinalNorm()), false)
        if let divisors = configuration.rotation.divisors(headSize: configuration.headSize) {
            try visit(TransformerGGUF.frequencyDivisors, .vector(divisors), false)
        }
        var done = (0..<configuration.layerCount).reduce(source.byteCount) { $0 - source.byteCount(layer: $1) }
        try progress(done)
        for index in 0..<configuration.layerCount {
            let layer = try source.readLayer(index)
            traits.hasSubNorms = traits.hasSubNorms || layer.attentionSubNorm != nil || layer.feedForwardSubNorm != nil
            traits.hasHeadNorms = traits.hasHeadNorms || layer.queryNorm != nil || layer.keyNorm != nil
            for norm in TransformerGGUF.Norm.allCases {
                if let values = norm.values(layer) { try visit(TransformerGGUF.name(index, norm), .vector(values), false) }
            }
            for (role, projection) in zip(TransformerGGUF.Role.allCases, layer.projections) {
                try self.visit(projection, TransformerGGUF.name(index, role), isOfHeads: role.hasPermutedRows, visit)
            }
            done += source.byteCount(layer: index)
            try progress(done)
        }
        return traits
    }

    private func visit(
        _ projection: Projection, _ name: String, isOfHeads: Bool = false, _ visit: (String, Content, Bool) throws -> Void
    ) throws {
        guard projection.norm == nil else {
            throw FileError(path, at: name, "has a norm of its own input, for which GGUF has no tensor")
        }
        try visit(name + ".weight", .matrix(projection.matrix), isOfHeads)
        if let bias = projection.bias { try visit(name + ".bias", .vector(bias), isOfHeads) }
    }

    private func quantizedHead(_ matrix: LinearMatrix, _ name: String) throws -> LinearMatrix {
        guard quantizesHead else { return matrix }
        guard case .dense(let dense) = matrix, let quantized = dense.quantizedToQ8() else {
            throw FileError(path, at: name, "cannot be rounded to Q8_0: it is no matrix of floats with a multiple of 32 columns")
        }
        return .dense(quantized)
    }
}

extension TransformerGGUF.Norm {
    /// A layer's norm; nil where it has none.
    fileprivate func values(_ layer: TransformerLayer) -> [Float]? {
        switch self {
        case .attention: layer.attentionNorm
        case .attentionSub: layer.attentionSubNorm
        case .query: layer.queryNorm
        case .key: layer.keyNorm
        case .feedForward: layer.feedForwardNorm
        case .feedForwardSub: layer.feedForwardSubNorm
        }
    }
}
