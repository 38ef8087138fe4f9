import TernaryCore
import TernaryKernels
import VulkanCompute

/// Activations of up to `capacity` tokens, keys and values of all sequences, and what a pass is told of its rows.
final class TransformerWorkspace: Sendable {
    let sizes: Sizes
    let shape: AttentionShape
    /// Token ids; the device may draw a pass's itself.
    let tokens: Buffer
    /// Sequence and position of each row, for each step of a submission.
    let rows: Buffer
    /// Page numbers, `(sequences, pages of one)`.
    let pages: Buffer
    /// Cosines and sines of every position.
    let turns: Buffer
    /// Residual stream; a copy of its last row for the head.
    let x, lastRow: Buffer
    /// q, k and v; a prompt's turned queries; what chunks of keys add, and how many of them are there, zeros between passes; attention's
    /// result.
    let qkv, query, partial, arrivals, attended: Buffer
    /// The feed-forward network: gate and up where they are products of their own, and their product.
    let gate, up, product: Buffer
    /// Int8 codes of rows, and their factors.
    let codes, step, codeSum: Buffer
    /// Rows behind norms as floats, and a projection's result on its way to its columns.
    let normed, normedTwice, scratch: Buffer
    /// Logits as the host reads them, and as the device draws from them.
    let logits, drawnLogits: Buffer
    /// What the steps of a submission drew, as the host reads it.
    let drawn: Buffer
    /// One for each layer.
    let caches: [Buffer]

    init(_ configuration: TransformerConfiguration, sizes: Sizes, cache: KeyValueElement, device: Device) throws {
        self.sizes = sizes
        shape = AttentionShape(configuration, cache: cache)
        func make(_ byteCount: Int, _ label: String, _ memory: BufferMemory = .device) throws -> Buffer {
            try device.makeBuffer(byteCount: max(4, byteCount), memory: memory, label: label)
        }
        tokens = try make(sizes.tokens, "tokens")
        rows = try make(sizes.rows, "rows")
        pages = try make(sizes.pages, "pages")
        turns = try make(sizes.turns, "turns")
        x = try make(sizes.hidden, "residual stream")
        lastRow = try make(sizes.lastRow, "last row")
        qkv = try make(sizes.qkv, "query, key, value")
        query = try make(sizes.query, "turned queries")
        partial = try make(sizes.partial, "chunks of attention")
        arrivals = try make(sizes.arrivals, "chunks that have arrived")
        attended = try make(sizes.attended, "attended")
        gate = try make(sizes.half, "gate")
        up = try make(sizes.half, "up")
        product = try make(sizes.product, "product")
        codes = try make(sizes.codes, "codes")
        step = try make(sizes.factors, "steps")
        codeSum = try make(sizes.factors, "code sums")
        normed = try make(sizes.normed, "normed rows")
        normedTwice = try make(sizes.normed, "rows normed twice")
        scratch = try make(sizes.scratch, "projection")
        logits = try make(sizes.logits, "logits", .readback)
        drawnLogits = try make(sizes.drawnLogits, "logits to draw from")
        drawn = try make(sizes.drawn, "drawn tokens", .readback)
        let most = device.description.maxStorageRange
        if sizes.cache > most {
            throw VulkanError.tooLarge(
                "keys and values of \(sizes.sequences) sequences of \(sizes.contextLimit) tokens, bytes of a block",
                requested: sizes.cache, limit: most)
        }
        caches = try (0..<configuration.layerCount).map { try make(sizes.cache, "keys and values \($0)") }
        let numbers = (0..<sizes.sequences * sizes.pagesEach).map { UInt32($0) }
        try device.upload(numbers, to: pages)
        try Self.uploadTurns(configuration, count: sizes.contextLimit, to: turns, device: device)
    }

    private static func uploadTurns(
        _ configuration: TransformerConfiguration, count: Int, to buffer: Buffer, device: Device
    ) throws {
        let frequencies = configuration.rotation.frequencies(headSize: configuration.headSize)
        let factor = configuration.rotation.attentionFactor
        // In pieces: a long context's table is large.
        for first in stride(from: 0, to: count, by: 4096) {
            let positions = first..<min(first + 4096, count)
            let values = positions.flatMap { position -> [Float] in
                let turn = RotaryEmbedding.turn(position, frequencies: frequencies, factor: factor)
                return turn.cosines + turn.sines
            }
            try device.upload(values, to: buffer, offset: 4 * first * configuration.headSize)
        }
    }

    /// Bytes of each buffer; there are two of halves, of factors and of `normed`.
    struct Sizes: Equatable {
        /// Tokens of one pass, sequences, tokens of a sequence, and pages of one.
        let capacity, sequences, contextLimit, pagesEach: Int
        /// Rows of one pass that attention takes chunk by chunk.
        let chunkedRows: Int
        /// From one step's rows to the next's.
        let rowsEach: Int
        let tokens, rows, pages, turns, hidden, lastRow, qkv, query, partial, arrivals, attended, product, half: Int
        let codes, factors, normed, scratch, logits, drawnLogits, drawn: Int
        /// Of one layer.
        let cache: Int
        /// Of all layers.
        let caches: Int

        /// Most tokens of one pass whose logits are all wanted; logits of more would fill memory for little speed.
        static let mostLogitRows = 16
        /// Most steps of one submission.
        static let mostSteps = 8
        /// Bytes of `partial` at most, but for one row's.
        private static let mostPartialBytes = 128 << 20

        /// - Parameter isMixed: whether there are products of floats in blocks, or projections that are products of their own.
        init(
            _ configuration: TransformerConfiguration, capacity: Int, sequences: Int, contextLimit: Int,
            cache element: KeyValueElement,
            isMixed: Bool, on device: DeviceDescription
        ) {
            let shape = AttentionShape(configuration, cache: element)
            self.capacity = capacity
            self.sequences = sequences
            self.contextLimit = contextLimit
            pagesEach = (contextLimit + AttentionShape.pageTokens - 1) / AttentionShape.pageTokens
            let chunks = AttentionShape.chunks(upTo: contextLimit - 1)
            let row = AttentionStep(tokens: 1, shape: shape, chunks: chunks, mostPages: pagesEach)
            let mostPartial = min(Self.mostPartialBytes, device.maxStorageRange)
            chunkedRows = min(capacity, max(1, mostPartial / row.partialByteCount))
            partial = row.partialByteCount * min(chunkedRows, sequences)
            arrivals = row.arrivalByteCount * min(chunkedRows, sequences)
            rowsEach = (8 * capacity + 255) / 256 * 256
            tokens = 4 * capacity
            rows = rowsEach * Self.mostSteps
            pages = 4 * sequences * pagesEach
            turns = 4 * contextLimit * configuration.headSize
            lastRow = 4 * paddedWidth(configuration.hiddenSize)
            hidden = lastRow * capacity
            qkv = 4 * shape.qkvStride * capacity
            query = 4 * shape.queryStride * capacity
            attended = 4 * shape.attendedStride * capacity
            let mixedRows = isMixed ? capacity : 1
            let intermediate = 4 * paddedWidth(configuration.intermediateSize)
            (product, half) = (intermediate * capacity, intermediate * mixedRows)
            let widest = [configuration.hiddenSize, configuration.queryWidth, configuration.intermediateSize].map(paddedWidth)
                .max()!
            codes = widest * capacity
            factors = 4 * capacity
            let logitRows = max(Self.mostLogitRows, min(capacity, sequences))
            normed = 4 * widest * (isMixed ? capacity : logitRows)
            scratch = 4 * paddedWidth(max(configuration.queryWidth, configuration.keyValueWidth)) * mixedRows
            logits = 4 * configuration.vocabularySize * logitRows
            drawnLogits = 4 * configuration.vocabularySize * min(capacity, sequences)
            drawn = 4 * min(capacity, sequences) * Self.mostSteps
            cache = sequences * pagesEach * shape.pageByteCount
            caches = cache * configuration.layerCount
        }

        /// What stays on the device, keys and values not counted.
        var deviceBytes: Int {
            let rowBuffers = hidden + lastRow + qkv + query + partial + arrivals + attended + product + 2 * half
            return tokens + rows + pages + turns + rowBuffers + codes + 2 * factors + 2 * normed + scratch + drawnLogits
        }
    }
}
