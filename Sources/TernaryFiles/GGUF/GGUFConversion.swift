import TernaryCore

/// How ternary weights are stored in a GGUF file; the raw value is ggml's name in lower case, or that of our own layout.
public enum TernaryBlockType: String, Sendable, CaseIterable {
    /// 1.69 bits a weight.
    case tq1_0
    /// 2.06 bits a weight; the faster to read.
    case tq2_0
    /// 2 bits a weight, of BitNet's fork; transformers only.
    case i2_s
    /// 2 bits a weight, as they are used: a file that need not be copied into memory, and that other programs do not read.
    case t2

    var tensorType: GGUFTensorType {
        switch self {
        case .tq1_0: .tq1
        case .tq2_0: .tq2
        case .i2_s: .i2s
        case .t2: .int32
        }
    }

    /// `general.file_type`, as llama.cpp numbers them; nil for what it has no number for.
    var fileType: UInt32? {
        switch self {
        case .tq1_0: 36
        case .tq2_0: 37
        case .i2_s, .t2: nil
        }
    }

    /// Multiples of bytes at which tensors begin.
    var alignment: Int { self == .t2 ? PackedLayout.alignment : GGUFFile.defaultAlignment }
}

/// How the embedding is stored in a GGUF file; every choice holds each value exactly.
public enum EmbeddingFormat: String, Sendable, CaseIterable {
    /// F16 where that is exact, else F32: what every reader of GGUF takes.
    case common
    /// The narrowest of F16, BF16 and F32 that is exact.
    case compact
}

/// Writes the model at a path, a Hugging Face directory or a GGUF file, as a GGUF file.
///
/// - Parameter progress: called after each layer with the bytes of the source that are done and their total; what it throws ends
///   the conversion.
/// - Throws: `FileError` for either file; what stood at `destination` is then as it was before.
public func convert(
    from source: String, to destination: String, type: TernaryBlockType = .tq2_0, embedding: EmbeddingFormat = .common,
    progress: (_ bytesDone: Int, _ bytesTotal: Int) throws -> Void = { _, _ in }
) throws {
    try Checkpoint.open(source).write(toGGUF: destination, type: type, embedding: embedding, progress: progress)
}

extension Checkpoint {
    /// Writes the model as a GGUF file, one tensor at a time; the file appears when it is complete.
    ///
    /// A model read back from the file equals the one read from this checkpoint.
    ///
    /// - Parameters:
    ///   - format: how a MatMul-free model's embedding is stored; a transformer's stays as it is.
    ///   - progress: called after each layer with the bytes of this checkpoint that are done and their total; what it throws ends the
    ///     conversion.
    /// - Throws: `FileError`; what stood at the path is then as it was before.
    public func write(
        toGGUF path: String, type: TernaryBlockType = .tq2_0, embedding format: EmbeddingFormat = .common,
        progress: (_ bytesDone: Int, _ bytesTotal: Int) throws -> Void = { _, _ in }
    ) throws {
        let tokenizer = hasTokenizer ? try tokenizer() : nil
        switch weightSource {
        case .matMulFree(let source):
            try source.write(
                toGGUF: path, name: name, tokenizer: tokenizer, type: type, embedding: format, progress: progress)
        case .transformer(let source):
            try source.write(toGGUF: path, name: name, tokenizer: tokenizer, type: type, progress: progress)
        }
    }
}

extension WeightSource {
    /// Writes a model of these weights as a GGUF file, one tensor at a time; the file appears when it is complete.
    ///
    /// - Parameters:
    ///   - name: `general.name`.
    ///   - tokenizer: nil for a model without text.
    ///   - progress: called after each layer with the bytes of the source that are done and their total; what it throws ends the
    ///     writing.
    /// - Throws: `FileError`; what stood at the path is then as it was before.
    public func write(
        toGGUF path: String, name: String, tokenizer: Tokenizer?, type: TernaryBlockType = .tq2_0,
        embedding format: EmbeddingFormat = .common, progress: (_ bytesDone: Int, _ bytesTotal: Int) throws -> Void = { _, _ in }
    ) throws {
        guard type != .i2_s else {
            throw FileError(path, "I2_S is for transformers; a MatMul-free model is packed as TQ1_0, TQ2_0 or T2")
        }
        let output = try OutputFile(path)
        let total = byteCount
        try progress(0, total)
        var embedding: EmbeddingTable? = try readEmbedding()
        // Who reads no other layout reads every type, and a wider one could not be used as it lies.
        let element = embedding!.tensorType(type == .t2 ? .compact : format)
        let metadata: [(key: String, value: GGUFValue)] =
            [
                ("general.architecture", .text(MatMulFreeGGUF.architecture)), ("general.name", .text(name)),
                type.fileType.map { ("general.file_type", .uint32($0)) } ?? (PackedLayout.key, .text(PackedLayout.name)),
                ("general.quantization_version", .uint32(2)), ("general.alignment", .uint32(UInt32(type.alignment))),
            ] + MatMulFreeGGUF.metadata(configuration) + (tokenizer?.vocabulary.metadata ?? [])
        let tensors = MatMulFreeGGUF.tensors(configuration, ternary: type.tensorType, embedding: element)
        let writer = MatMulFreeWriter(
            writer: try GGUFWriter(output, metadata: metadata, tensors: tensors, alignment: type.alignment),
            ternary: type.tensorType)
        try writer.write(embedding!, as: element)
        embedding = nil
        try writer.write(try readHead())
        try writer.write(try readFinalNorm())
        var done = byteCountOutsideLayers
        try progress(done, total)
        for index in 0..<configuration.layerCount {
            try writer.write(try readLayer(index))
            done += byteCount(layer: index)
            try progress(done, total)
        }
        try output.finish()
    }
}

/// Writes tensors' data in the order of `MatMulFreeGGUF.tensors`.
private struct MatMulFreeWriter {
    let writer: GGUFWriter
    let ternary: GGUFTensorType

    func write(_ values: [Float]) throws {
        try values.withUnsafeBytes { try writer.write(Array($0)) }
        try writer.endTensor()
    }

    func write(_ embedding: EmbeddingTable, as type: GGUFTensorType) throws {
        if type == .float32 && embedding.element == .bfloat16 {
            // In steps: the widened table is never held as a whole.
            for start in stride(from: 0, to: embedding.bytes.count, by: 1 << 20) {
                let part = embedding.bytes.part(start..<min(start + 1 << 20, embedding.bytes.count))
                let widened = part.withUnsafeBytes { FloatElement.bfloat16.widen($0) }
                try widened.withUnsafeBytes { try writer.write(Array($0)) }
            }
        } else {
            try embedding.bytes.withUnsafeBytes { try writer.write($0) }
        }
        try writer.endTensor()
    }

    func write(_ matrix: TernaryMatrix) throws {
        if ternary == .int32 {
            try matrix.words.withUnsafeBytes { try writer.write($0) }
        } else {
            try writeBlocks(of: matrix)
        }
        try writer.endTensor()
        try write([matrix.scale])
    }

    private func writeBlocks(of matrix: TernaryMatrix) throws {
        let step = max(1, (4 << 20) / TernaryBlock.padded(matrix.columns))
        for start in stride(from: 0, to: matrix.rows, by: step) {
            try writer.write(matrix.blocks(ternary, rows: start..<min(start + step, matrix.rows)))
        }
    }

    func write(_ linear: BitLinearWeights) throws {
        try write(linear.matrix)
        try write(linear.norm)
    }

    func write(_ layer: MatMulFreeLayer) throws {
        try write(layer.attentionNorm)
        for linear in [layer.input, layer.forget, layer.gate] { try write(linear) }
        if let bound = layer.lowerBound { try write(bound) }
        try write(layer.gateNorm)
        try write(layer.output)
        try write(layer.mlpNorm)
        try write(layer.gateUpNorm)
        try write(layer.mlpGate)
        try write(layer.mlpUp)
        try write(layer.down)
    }
}

extension EmbeddingTable {
    /// The type in which a table is written; it is in its narrowest already.
    fileprivate func tensorType(_ format: EmbeddingFormat) -> GGUFTensorType {
        switch element {
        case .float16: .float16
        case .bfloat16: format == .compact ? .bfloat16 : .float32
        case .float32: .float32
        }
    }
}
