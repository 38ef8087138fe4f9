import TernaryCore
import TernaryKernels
import TernaryReference
import VulkanCompute

/// What a transformer has beside ternary products.
extension KernelSuite {
    /// f16 weights, as heads have them; nil where the device cannot bind them at once.
    func denseMatmul(tokens: Int) throws -> KernelCase? {
        let (columns, rows) = (shape.columns, shape.rows)
        guard let layout = try denseLayout() else { return nil }
        let stride = paddedWidth(rows)
        let nothing = try shared([0], "nothing")
        let buffers = try rotated([shared(x, tokens: tokens, "x"), denseWeights(), room(tokens * stride, "y")])
        let kernel = DenseMatmul(tokens: tokens, rows: 0..<rows, layout: layout, yStride: stride)
        return KernelCase(
            op: .denseMatmul, tokens: tokens, columns: columns, rows: rows,
            stages: [stage(kernel, [buffers[0], buffers[1], nothing, nothing, buffers[2]])],
            outputs: [self.rows(buffers[2], denseProduct, width: rows, count: tokens)])
    }

    /// The shape turned round, as `embedding` takes it.
    func denseEmbedding(tokens: Int) throws -> KernelCase? {
        let (columns, rows) = (shape.columns, shape.rows)
        guard let layout = try denseLayout() else { return nil }
        let (weights, nothing) = (try denseWeights(), try shared([0], "nothing"))
        let stride = paddedWidth(columns)
        let buffers = try rotated([room(tokens, "tokens"), room(tokens * stride, "x")])
        var random = SplitMix64(seed: 7)
        var first: [UInt32] = []
        // Every set looks up others.
        for (index, copy) in buffers[0].enumerated() {
            let ids = (0..<tokens).map { _ in UInt32(random.next() % UInt64(rows)) }
            try device.upload(ids, to: copy)
            if index == 0 { first = ids }
        }
        return KernelCase(
            op: .denseEmbedding, tokens: tokens, columns: columns, rows: rows,
            stages: [
                stage(DenseEmbedding(tokens: tokens, rows: 0..<rows, layout: layout), [buffers[0], weights, nothing, buffers[1]])
            ],
            outputs: [
                .init(
                    buffer: buffers[1][0], stride: stride, count: tokens,
                    expected: first.map { denseMatrix.row(Int($0)).map(Exact.settle).bits })
            ])
    }

    func normRows(tokens: Int) throws -> KernelCase {
        let columns = shape.columns
        let weight = norms[0].outer!
        let buffers = try rotated([shared(x, tokens: tokens, "x"), room(tokens * paddedWidth(columns), "y")])
        return KernelCase(
            op: .normRows, tokens: tokens, columns: columns, rows: nil,
            stages: [
                stage(
                    NormRows(rows: 0..<tokens, columns: columns, epsilon: Self.epsilon),
                    [buffers[0], try shared(weight.padded, "norm"), buffers[1]])
            ],
            outputs: [
                rows(
                    buffers[1], x.map { rmsNorm($0, weight: weight, epsilon: Self.epsilon) }, width: columns, count: tokens)
            ])
    }

    /// The layout of the f16 matrix; nil where the device cannot bind it at once.
    private func denseLayout() throws -> DenseLayout? {
        guard 2 * shape.rows * paddedWidth(shape.columns) <= device.description.maxStorageRange else { return nil }
        return DenseLayout(.dense(denseMatrix))
    }

    private func denseWeights() throws -> KernelCase.Rotation {
        let (columns, width) = (shape.columns, paddedWidth(shape.columns))
        var words = [UInt32](repeating: 0, count: shape.rows * width / 2)
        denseMatrix.bytes.withUnsafeBytes { bytes in
            words.withUnsafeMutableBytes { words in
                for row in 0..<shape.rows {
                    let source = UnsafeRawBufferPointer(rebasing: bytes[2 * row * columns..<2 * (row + 1) * columns])
                    UnsafeMutableRawBufferPointer(rebasing: words[(2 * row * width)...]).copyMemory(from: source)
                }
            }
        }
        return try shared(words, "weights")
    }

    // MARK: Attention

    /// Rows of a prompt that are compared: the reference takes seconds for all of a long one.
    private static let comparedRows = 8

    /// A prompt at the start of a text: the shape's columns are the width of all query heads; keys and values are f16. Nil where that is not
    /// the width of heads.
    func attentionPrompt(tokens: Int) throws -> KernelCase? {
        let width = shape.columns
        guard let configuration = KernelValues.attention(width: width) else { return nil }
        let attention = AttentionShape(configuration, cache: .float16)
        let pages = (tokens + AttentionShape.pageTokens - 1) / AttentionShape.pageTokens
        guard pages * attention.pageByteCount <= device.description.maxStorageRange else { return nil }

        let (keys, values) = (
            KernelValues.texts(configuration.keyValueWidth, seed: 8), KernelValues.texts(configuration.keyValueWidth, seed: 9)
        )
        let queries = activations(width, seed: 3).map { $0.map(Exact.factor) }
        let cache = Self.cache(keys, values, tokens: tokens, pages: pages, attention)
        let buffers = try rotated([
            shared(Self.repeated(queries.map(\.bits), tokens: tokens), "query"), shared(cache, "cache"),
            room(tokens * attention.attendedStride, "attended"),
        ])
        let compared = min(tokens, Self.comparedRows)
        let places = (0..<compared).map { compared == 1 ? 0 : $0 * (tokens - 1) / (compared - 1) }
        let expected = places.map { place in
            TernaryReference.attention(
                query: queries[place % queries.count], keys: (0...place).map { keys[$0 % keys.count] },
                values: (0...place).map { values[$0 % values.count] }, configuration
            ).bits
        }
        let fixed = [try shared([0, 0], "rows"), try shared((0..<pages).map { UInt32($0) }, "pages")]
        return KernelCase(
            op: .attentionPrompt, tokens: tokens, columns: width, rows: nil,
            stages: [
                stage(AttentionPrompt(tokens: tokens, shape: attention, mostPages: pages), [buffers[0]] + fixed + buffers[1...])
            ],
            outputs: [
                .init(
                    buffer: buffers[2][0], stride: attention.attendedStride, count: tokens, expected: expected, places: places)
            ])
    }

    /// One layer's f16 cache of one sequence, as `AttentionShape` says; places behind the text are zero.
    private static func cache(
        _ keys: [[Float]], _ values: [[Float]], tokens: Int, pages: Int, _ shape: AttentionShape
    ) -> [UInt32] {
        let halves = [keys, values].map { $0.map { row in row.map { HalfFloat.exactBits($0)! } } }
        var words = [UInt32](repeating: 0, count: pages * shape.pageByteCount / 4)
        words.withUnsafeMutableBytes { bytes in
            let cache = bytes.bindMemory(to: UInt16.self)
            let (heads, size) = (shape.keyValueHeads, shape.headSize)
            for token in 0..<tokens {
                let page = token / AttentionShape.pageTokens
                for kind in 0..<2 {
                    let row = halves[kind][token % keys.count]
                    for head in 0..<heads {
                        let place =
                            ((page * 2 + kind) * heads + head) * AttentionShape.pageTokens + token % AttentionShape.pageTokens
                        for j in 0..<size { cache[place * size + j] = row[head * size + j] }
                    }
                }
            }
        }
        return words
    }
}
