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
    let embedding: [EmbeddingPart]
    let embeddingElement: EmbeddingTable.Element
    let headOuter, headCombined, headWeights: BufferSlice
    let headScale: Float
    /// Bytes of all of it.
    let byteCount: Int

    init(_ weights: MatMulFreeWeights, on device: Device, progress: (Double) -> Void) throws {
        let epsilon = weights.configuration.normEpsilon
        let total = Double(weights.byteCount)
        var done = 0
        var layers: [Layer] = []
        for (index, layer) in weights.layers.enumerated() {
            let norms = LayerNorms(layer, epsilon: epsilon)
            var arena = Arena()
            let mixerOuter = arena.add(rows: [layer.attentionNorm])
            let mixerCombined = arena.add(rows: [norms.input.combined, norms.forget.combined, norms.gate.combined])
            let mixerWeights = arena.add(words: [layer.input.matrix.words, layer.forget.matrix.words, layer.gate.matrix.words])
            let lowerBound = layer.lowerBound.map { arena.add(rows: [$0]) } ?? mixerOuter
            let outputOuter = arena.add(rows: [layer.gateNorm])
            let outputCombined = arena.add(rows: [norms.output.combined])
            let outputWeights = arena.add(words: [layer.output.matrix.words])
            let mlpOuter = arena.add(rows: [layer.mlpNorm])
            let mlpCombined = arena.add(rows: [norms.gateUp.combined])
            let mlpWeights = arena.add(words: [layer.mlpGate.words, layer.mlpUp.words])
            let downNorm = arena.add(rows: [norms.down.combined])
            let downWeights = arena.add(words: [layer.down.matrix.words])
            let place = try arena.upload(to: device, label: "block \(index)")
            layers.append(
                Layer(
                    mixerOuter: place(mixerOuter), mixerCombined: place(mixerCombined), mixerWeights: place(mixerWeights),
                    lowerBound: place(lowerBound), outputOuter: place(outputOuter), outputCombined: place(outputCombined),
                    outputWeights: place(outputWeights), mlpOuter: place(mlpOuter), mlpCombined: place(mlpCombined),
                    mlpWeights: place(mlpWeights), downNorm: place(downNorm), downWeights: place(downWeights),
                    scales: (
                        layer.input.matrix.scale, layer.forget.matrix.scale, layer.gate.matrix.scale, layer.output.matrix.scale,
                        layer.mlpGate.scale, layer.down.matrix.scale
                    ), hasLowerBound: layer.lowerBound != nil))
            done += arena.byteCount
            progress(min(1, Double(done) / total))
        }
        self.layers = layers

        embeddingElement = weights.embedding.element
        (embedding, done) = try Self.uploadEmbedding(weights.embedding, to: device, after: done)

        let headNorm = weights.headInputNorm
        var arena = Arena()
        let outer = arena.add(rows: [weights.finalNorm])
        let combined = arena.add(rows: [headNorm.combined])
        let matrix = arena.add(words: [weights.head.matrix.words])
        let place = try arena.upload(to: device, label: "head")
        (headOuter, headCombined, headWeights) = (place(outer), place(combined), place(matrix))
        headScale = weights.head.matrix.scale
        byteCount = done + arena.byteCount
        progress(1)
    }

    private static func uploadEmbedding(
        _ table: EmbeddingTable, to device: Device, after done: Int
    ) throws -> ([EmbeddingPart], Int) {
        let rowBytes = table.columns * table.element.byteCount
        // An even number of rows keeps 16-bit tables on word boundaries.
        let rowsEach = max(2, device.description.maxStorageRange / rowBytes / 2 * 2)
        var parts: [EmbeddingPart] = []
        for first in stride(from: 0, to: table.rows, by: rowsEach) {
            let rows = first..<min(first + rowsEach, table.rows)
            let byteCount = (rows.count * rowBytes + 3) / 4 * 4
            let buffer = try device.makeBuffer(byteCount: byteCount, memory: .device, label: "embedding \(rows)")
            try table.bytes.withUnsafeBytes { bytes in
                try device.upload(
                    UnsafeRawBufferPointer(rebasing: bytes[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes]), to: buffer)
            }
            parts.append(EmbeddingPart(rows: rows, slice: BufferSlice(buffer)))
        }
        return (parts, done + table.bytes.count)
    }
}

/// Tensors gathered for one buffer, each at an offset that any device can bind.
private struct Arena {
    /// Vulkan allows no device to ask for more than this between storage buffer offsets.
    static let alignment = 256

    private enum Content {
        case rows([[Float]])
        case words([[UInt32]])
    }
    private var contents: [(content: Content, offset: Int)] = []
    private var ranges: [Range<Int>] = []
    private(set) var byteCount = 0

    /// Rows of floats, each padded with zeros to whole tiles.
    mutating func add(rows: [[Float]]) -> Int {
        add(.rows(rows), byteCount: rows.reduce(0) { $0 + paddedWidth($1.count) * 4 })
    }

    /// Packed matrices one behind the other.
    mutating func add(words: [[UInt32]]) -> Int { add(.words(words), byteCount: words.reduce(0) { $0 + $1.count * 4 }) }

    private mutating func add(_ content: Content, byteCount bytes: Int) -> Int {
        contents.append((content, byteCount))
        ranges.append(byteCount..<byteCount + bytes)
        byteCount = (byteCount + bytes + Self.alignment - 1) / Self.alignment * Self.alignment
        return ranges.count - 1
    }

    /// Makes the buffer and gives back where each tensor lies in it.
    func upload(to device: Device, label: String) throws -> (Int) -> BufferSlice {
        let most = device.description.maxStorageRange
        if let large = ranges.first(where: { $0.count > most }) {
            throw VulkanError.tooLarge("a tensor of \(label), bytes of one binding", requested: large.count, limit: most)
        }
        let buffer = try device.makeBuffer(byteCount: byteCount, memory: .device, label: label)
        for (content, start) in contents {
            var offset = start
            switch content {
            case .rows(let rows):
                for row in rows {
                    try row.withUnsafeBytes { try device.upload($0, to: buffer, offset: offset) }
                    offset += paddedWidth(row.count) * 4
                }
            case .words(let matrices):
                for words in matrices {
                    try words.withUnsafeBytes { try device.upload($0, to: buffer, offset: offset) }
                    offset += words.count * 4
                }
            }
        }
        return { [ranges] index in
            BufferSlice(buffer, offset: ranges[index].lowerBound, byteCount: ranges[index].count)
        }
    }
}
