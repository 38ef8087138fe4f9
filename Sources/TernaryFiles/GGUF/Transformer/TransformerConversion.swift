import TernaryCore

extension TransformerSource {
    /// Writes a model of these weights as a GGUF file, one tensor at a time; the file appears when it is complete.
    ///
    /// The weights are read twice: what types hold them exactly must be known before the first of them is written. A model read back
    /// gives the same logits, except with `quantizesHead`.
    ///
    /// - Parameters:
    ///   - name: `general.name`.
    ///   - tokenizer: nil for a model without text.
    ///   - type: of ternary matrices whose scales binary16 holds and whose rows are a multiple of 256; others become I2_S or Q2_0.
    ///   - quantizesHead: rounds the matrix that gives logits to Q8_0, which loses information.
    ///   - progress: called after each layer with the bytes that are done and their total; what it throws ends the writing.
    /// - Throws: `FileError`, also where GGUF has no place for something; what stood at the path is then as it was before.
    public func write(
        toGGUF path: String, name: String, tokenizer: Tokenizer?, type: TernaryBlockType = .tq2_0, quantizesHead: Bool = false,
        progress: (_ bytesDone: Int, _ bytesTotal: Int) throws -> Void = { _, _ in }
    ) throws {
        // A file's own metadata says more than the tokenizer that was made of it.
        let carried = try (self as? GGUFTransformer)?.tokenizerMetadata() ?? tokenizer?.vocabulary.metadata ?? []
        try checkWritable(path)
        let (size, total) = (byteCount, 2 * byteCount)
        try progress(0, total)
        let tensors = TransformerTensors(source: self, quantizesHead: quantizesHead, path: path)
        var described: [GGUFWriter.Tensor] = []
        let traits = try tensors.forEach(progress: { try progress($0, total) }) { name, content, _ in
            do { described.append(try TransformerGGUF.description(name, content, ternary: type)) } catch let unwritable
                as Unwritable
            { throw FileError(path, at: name, unwritable.reason) }
        }
        let architecture = try TransformerGGUF.architecture(configuration, traits, path: path)
        let metadata = try TransformerGGUF.metadata(
            configuration, architecture: architecture, name: name, types: Set(described.map(\.type)), tokenizer: carried,
            path: path)
        let output = try OutputFile(path)
        let writer = try GGUFWriter(output, metadata: metadata, tensors: described)
        var next = 0
        let headSize = configuration.headSize
        let isPermuted = TransformerGGUF.permutesHeads(architecture)
        _ = try tensors.forEach(progress: { try progress(size + $0, total) }) { _, content, isOfHeads in
            let type = described[next].type
            next += 1
            let place: (Int) -> Int =
                isOfHeads && isPermuted ? { TransformerGGUF.halves($0, headSize: headSize) } : { $0 }
            switch content {
            case .vector(let values):
                let placed = values.indices.map { values[place($0)] }
                try placed.withUnsafeBytes { try writer.write(Array($0)) }
            case .matrix(let matrix):
                let step = max(1, (4 << 20) / matrix.columns)
                for start in stride(from: 0, to: matrix.rows, by: step) {
                    let rows = start..<min(start + step, matrix.rows)
                    try writer.write(TransformerGGUF.data(of: matrix, as: type, rows: rows, place: place))
                }
            }
            try writer.endTensor()
        }
        try output.finish()
    }
}

extension TransformerGGUF {
    /// A tensor's entry in the table.
    fileprivate static func description(
        _ name: String, _ content: TransformerTensors.Content, ternary: TernaryBlockType
    ) throws -> GGUFWriter.Tensor {
        switch content {
        case .vector(let values): return GGUFWriter.Tensor(name: name, type: .float32, dimensions: [values.count])
        case .matrix(let matrix):
            return GGUFWriter.Tensor(
                name: name, type: try Self.type(of: matrix, ternary: ternary), dimensions: [matrix.columns, matrix.rows])
        }
    }

    /// The architecture whose readers compute what the model does.
    ///
    /// A model with squared ReLU is never `llama`, whose readers would compute something else without a word.
    fileprivate static func architecture(
        _ configuration: TransformerConfiguration, _ traits: TransformerTensors.Traits, path: String
    ) throws -> String {
        guard !traits.hasHeadNorms else {
            guard !traits.hasSubNorms && configuration.activation == .silu else {
                throw FileError(path, "no architecture of GGUF has norms of heads beside sub-norms or squared ReLU")
            }
            return "qwen3"
        }
        if configuration.activation == .squaredReLU { return "bitnet-b1.58" }
        return traits.hasSubNorms ? "bitnet" : "llama"
    }
}
