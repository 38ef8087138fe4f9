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
    ///   - type: of ternary matrices whose scales binary16 holds and whose rows are a multiple of 256; others become I2_S or Q2_0. With
    ///     `t2` every tensor lies in the file as it is used, whatever its shape and scales.
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
            do {
                described += try StoredTensor.tensors(name, content, ternary: type, place: { $0 }).map(\.tensor)
            } catch let unwritable as Unwritable { throw FileError(path, at: name, unwritable.reason) }
        }
        let architecture = try TransformerGGUF.architecture(configuration, traits, path: path)
        let metadata = try TransformerGGUF.metadata(
            configuration, architecture: architecture, name: name, type: type, types: Set(described.map(\.type)),
            tokenizer: carried, path: path)
        let output = try OutputFile(path)
        let writer = try GGUFWriter(output, metadata: metadata, tensors: described, alignment: type.alignment)
        let headSize = configuration.headSize
        let isPermuted = TransformerGGUF.permutesHeads(architecture, isPacked: type == .t2)
        _ = try tensors.forEach(progress: { try progress(size + $0, total) }) { name, content, isOfHeads in
            let place: (Int) -> Int =
                isOfHeads && isPermuted ? { TransformerGGUF.halves($0, headSize: headSize) } : { $0 }
            for stored in try StoredTensor.tensors(name, content, ternary: type, place: place) {
                try stored.write(writer)
                try writer.endTensor()
            }
        }
        try output.finish()
    }
}

extension TransformerGGUF {
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
