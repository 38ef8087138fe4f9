import TernaryCore
import TernaryKernels
import VulkanCompute

/// A model's tensors on a device, in the order and padding that the kernels read.
///
/// A block is one buffer; so are the embedding and the head. Padding of norms is zero, so padded columns quantise to zero.
final class DeviceWeights: Sendable {
    /// One block's tensors, slices of one buffer.
    struct Layer: Sendable {
        /// attn_norm; i, f, g norms times it, one behind the other; i, f, g matrices one behind the other; lower bound.
        let mixerOuter, mixerCombined, mixerWeights: BufferSlice
        /// In the first block, where there is none, any slice; the kernels are told not to read it.
        let lowerBound: BufferSlice
        /// g_norm, o_proj's norm times it, o_proj.
        let outputOuter, outputCombined, outputWeights: BufferSlice
        /// mlp_norm, gate_proj's norm times it, the gate and up matrices one behind the other.
        let mlpOuter, mlpCombined, mlpWeights: BufferSlice
        /// down_proj's norm and matrix.
        let downNorm, downWeights: BufferSlice
        let scales: (input: Float, forget: Float, gate: Float, output: Float, mlp: Float, down: Float)
        let hasLowerBound: Bool
    }

    /// Rows of the embedding table that fit one storage range.
    struct EmbeddingPart: Sendable {
        let rows: Range<Int>
        let slice: BufferSlice
    }

    let layers: [Layer]
    /// The whole table, or a pass's rows of it, which the host puts there.
    let embedding: [EmbeddingPart]
    /// The table where it stays with the host.
    let hostEmbedding: HostEmbedding?
    let embeddingElement: EmbeddingTable.Element
    /// Where matrices are unpacked before they are used; nil where kernels read them as they lie.
    let unpacked: UnpackedWeights?
    let headOuter, headCombined, headWeights: BufferSlice
    let headScale: Float
    /// Bytes of all of it.
    let byteCount: Int

    /// Uploads what a stream reads, each part while the next one is read.
    ///
    /// - Parameters:
    ///   - table: the embedding, which the stream has given already.
    ///   - passTokens: most tokens of a pass, where the embedding stays with the host; nil where it goes to the device.
    ///   - packing: of the matrices, not automatic.
    init(
        _ stream: WeightStream, embedding table: EmbeddingTable, on device: Device, passTokens: Int?, packing: WeightPacking,
        progress: (Double) -> Void
    ) throws {
        let configuration = stream.configuration
        let epsilon = configuration.normEpsilon
        let sizes = Self.byteCounts(
            of: configuration, embeddingElement: table.element, passTokens: passTokens, packing: packing, on: device.description
        )
        byteCount = sizes.weights + sizes.embedding
        let total = Double(byteCount)
        var done = 0
        embeddingElement = table.element
        if let passTokens {
            let rows = try HostEmbedding(table, passTokens: passTokens, device: device)
            hostEmbedding = rows
            embedding = [EmbeddingPart(rows: 0..<passTokens, slice: BufferSlice(rows.gathered))]
        } else {
            hostEmbedding = nil
            embedding = try Self.uploadEmbedding(table, to: device) { bytes in
                done += bytes
                progress(Double(done) / total)
            }
        }

        let (head, finalNorm) = try stream.head()
        let headNorm = InputNorm(outer: finalNorm, outerEpsilon: epsilon, inner: head.norm)
        let headLayout = HeadLayout(configuration, packing: packing)
        var headArena = Arena(byteCount: headLayout.byteCount, packing: packing)
        headArena.put(rows: [finalNorm], at: headLayout.outer)
        headArena.put(rows: [headNorm.combined], at: headLayout.combined)
        headArena.put(words: [head.matrix.words], at: headLayout.weights)
        var packed: [UnpackedWeights.Packed] = []
        let placeHead = try headArena.upload(to: device, label: "head")
        (headOuter, headCombined, headWeights) = (
            placeHead(headLayout.outer), placeHead(headLayout.combined), placeHead(headLayout.weights)
        )
        packed += headArena.packed(placeHead)
        headScale = head.matrix.scale
        done += headLayout.byteCount
        progress(Double(done) / total)

        var layers: [Layer] = []
        for index in 0..<configuration.layerCount {
            let layer = try stream.layer()
            let norms = LayerNorms(layer, epsilon: epsilon)
            let layout = BlockLayout(configuration, hasLowerBound: layer.lowerBound != nil, packing: packing)
            var arena = Arena(byteCount: layout.byteCount, packing: packing)
            arena.put(rows: [layer.attentionNorm], at: layout.mixerOuter)
            arena.put(rows: [norms.input.combined, norms.forget.combined, norms.gate.combined], at: layout.mixerCombined)
            arena.put(
                words: [layer.input.matrix.words, layer.forget.matrix.words, layer.gate.matrix.words], at: layout.mixerWeights)
            if let lowerBound = layer.lowerBound { arena.put(rows: [lowerBound], at: layout.lowerBound) }
            arena.put(rows: [layer.gateNorm], at: layout.outputOuter)
            arena.put(rows: [norms.output.combined], at: layout.outputCombined)
            arena.put(words: [layer.output.matrix.words], at: layout.outputWeights)
            arena.put(rows: [layer.mlpNorm], at: layout.mlpOuter)
            arena.put(rows: [norms.gateUp.combined], at: layout.mlpCombined)
            arena.put(words: [layer.mlpGate.words, layer.mlpUp.words], at: layout.mlpWeights)
            arena.put(rows: [norms.down.combined], at: layout.downNorm)
            arena.put(words: [layer.down.matrix.words], at: layout.downWeights)
            let place = try arena.upload(to: device, label: "block \(index)")
            packed += arena.packed(place)
            layers.append(
                Layer(
                    mixerOuter: place(layout.mixerOuter), mixerCombined: place(layout.mixerCombined),
                    mixerWeights: place(layout.mixerWeights),
                    lowerBound: place(layout.lowerBound), outputOuter: place(layout.outputOuter),
                    outputCombined: place(layout.outputCombined),
                    outputWeights: place(layout.outputWeights), mlpOuter: place(layout.mlpOuter),
                    mlpCombined: place(layout.mlpCombined),
                    mlpWeights: place(layout.mlpWeights), downNorm: place(layout.downNorm),
                    downWeights: place(layout.downWeights),
                    scales: (
                        layer.input.matrix.scale, layer.forget.matrix.scale, layer.gate.matrix.scale, layer.output.matrix.scale,
                        layer.mlpGate.scale, layer.down.matrix.scale
                    ), hasLowerBound: layer.lowerBound != nil))
            done += layout.byteCount
            progress(Double(done) / total)
        }
        self.layers = layers
        unpacked =
            packing == .base3
            ? try UnpackedWeights(
                packed, byteCount: Self.unpackedBytes(configuration, packing: packing), device: device)
            : nil
        progress(1)
    }

    private static func uploadEmbedding(
        _ table: EmbeddingTable, to device: Device, uploaded: (Int) -> Void
    ) throws -> [EmbeddingPart] {
        let rowBytes = table.columns * table.element.byteCount
        let layout = EmbeddingLayout(
            rows: table.rows, columns: table.columns, element: table.element, maxStorageRange: device.description.maxStorageRange)
        return try layout.parts.map { rows, byteCount in
            let buffer = try device.makeBuffer(byteCount: byteCount, memory: .device, label: "embedding \(rows)")
            try table.bytes.withUnsafeBytes { bytes in
                try device.upload(
                    UnsafeRawBufferPointer(rebasing: bytes[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes]), to: buffer)
            }
            uploaded(byteCount)
            return EmbeddingPart(rows: rows, slice: BufferSlice(buffer))
        }
    }
}

/// Tensors gathered for one buffer, each where the buffer's layout has it.
private struct Arena {
    private enum Content {
        case rows([[Float]])
        case words([PackedStorage<UInt32>])
    }
    private let byteCount: Int
    private let packing: WeightPacking
    private var contents: [(content: Content, range: Range<Int>)] = []

    init(byteCount: Int, packing: WeightPacking) {
        self.byteCount = byteCount
        self.packing = packing
    }

    /// Rows of floats, each padded with zeros to whole tiles.
    mutating func put(rows: [[Float]], at range: Range<Int>) {
        precondition(rows.reduce(0) { $0 + paddedWidth($1.count) * 4 } == range.count, "rows of another size than laid out")
        contents.append((.rows(rows), range))
    }

    /// Matrices of one shape, one behind the other.
    mutating func put(words: [PackedStorage<UInt32>], at range: Range<Int>) {
        precondition(words.reduce(0) { $0 + byteCount(of: $1) } == range.count, "matrices of another size than laid out")
        contents.append((.words(words), range))
    }

    private func byteCount(of words: PackedStorage<UInt32>) -> Int {
        packing == .base3 ? Base3Packing.byteCount(tiles: words.count / 4) : words.count * 4
    }

    /// What was put there packed to 1.6 bits.
    func packed(_ place: (Range<Int>) -> BufferSlice) -> [UnpackedWeights.Packed] {
        guard packing == .base3 else { return [] }
        return contents.compactMap { content, range in
            guard case .words(let matrices) = content else { return nil }
            return UnpackedWeights.Packed(slice: place(range), matrices: matrices.count, tiles: matrices[0].count / 4)
        }
    }

    /// Makes the buffer and gives back how to name a part of it.
    func upload(to device: Device, label: String) throws -> (Range<Int>) -> BufferSlice {
        let most = device.description.maxStorageRange
        if let large = contents.map(\.range).first(where: { $0.count > most }) {
            throw VulkanError.tooLarge("a tensor of \(label), bytes of one binding", requested: large.count, limit: most)
        }
        let buffer = try device.makeBuffer(byteCount: byteCount, memory: .device, label: label)
        for (content, range) in contents {
            var offset = range.lowerBound
            switch content {
            case .rows(let rows):
                for row in rows {
                    try row.withUnsafeBytes { try device.upload($0, to: buffer, offset: offset) }
                    offset += paddedWidth(row.count) * 4
                }
            case .words(let matrices):
                for matrix in matrices {
                    let words = packing == .base3 ? Base3Packing.pack(matrix) : matrix
                    try words.withUnsafeBytes { try device.upload($0, to: buffer, offset: offset) }
                    offset += words.count * 4
                }
            }
        }
        return { BufferSlice(buffer, offset: $0.lowerBound, byteCount: $0.count) }
    }
}
