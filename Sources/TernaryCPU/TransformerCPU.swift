import CTernary
import TernaryCore

/// A transformer with ternary projections on the CPU's vector units and all its cores; the bits are those of `TransformerReference`.
///
/// A prompt is taken in blocks of tokens, so that weights are read once for many tokens. A step of several sequences is a block too, in
/// which each token attends to its own sequence. How tokens are split into calls, blocks and threads does not show in the result.
///
/// Not for use from several threads at once.
public final class TransformerCPU {
    /// The model's tensors; the kernels read the matrices where they are.
    public let weights: TransformerWeights
    /// The kernels in use.
    public let variant: CPUVariant
    /// Sequences whose keys and values are kept.
    public let sequenceCount: Int
    /// Most tokens of a sequence.
    public let contextLimit: Int
    /// Is given the values of each stage, with the block's index (0 outside the blocks) and the token's place in the call. Slows a pass
    /// down.
    public var observe: ((_ stage: Stage, _ layer: Int, _ token: Int, _ values: [Float]) -> Void)?

    let kernels: ct_kernels
    let floatKernels: ct_transformer
    let pool: ThreadPool
    let stages: [LayerStages]
    let headStage: ProjectionStage
    let cache: KeyValueCache
    let rotary: RotaryTable
    /// Tokens of each sequence so far.
    private var lengths: [Int]
    /// Most tokens in a block.
    let blockTokens: Int
    let rows: TransformerRows
    let scratch: [AttentionScratch]

    /// - Parameters:
    ///   - threads: threads that work, the caller's among them; nil for as many as the process may use.
    ///   - variant: the kernels; nil for those that `VKTERNARY_CPU` names, else the best that the machine can run.
    ///   - sequences: whose keys and values are kept.
    ///   - cacheElement: how they are kept.
    ///   - contextLimit: most tokens of a sequence. Memory is taken as texts grow.
    /// - Throws: `CPUError` where `VKTERNARY_CPU` names kernels that cannot run.
    public init(
        _ weights: TransformerWeights, threads: Int? = nil, variant: CPUVariant? = nil, sequences: Int = 1,
        cacheElement: KeyValueElement = .float16, contextLimit: Int
    ) throws(CPUError) {
        precondition(sequences > 0 && contextLimit > 0, "an engine holds a sequence and a token at least")
        let variant = if let variant { variant } else { try CPUVariant.chosen() }
        guard variant.isSupported, let table = variant.kernels else { throw .variant(variant.rawValue) }
        self.weights = weights
        self.variant = variant
        self.contextLimit = contextLimit
        kernels = table.pointee
        floatKernels = table.pointee.transformer.pointee
        pool = ThreadPool(threads: threads)
        let shape = weights.configuration
        let threads = pool.threads
        stages = weights.layers.map { LayerStages($0, shape, threads: threads) }
        let head = weights.head ?? Projection(weights.embedding)
        let headNorms = [(weight: weights.finalNorm, epsilon: shape.normEpsilon)] + (head.norm.map { [$0] } ?? [])
        headStage = ProjectionStage([(head, headNorms)], quantizesActivations: false, threads: threads)
        cache = KeyValueCache(shape, layers: weights.layers.count, element: cacheElement, sequences: sequences)
        rotary = RotaryTable(shape)
        sequenceCount = sequences
        lengths = Array(repeating: 0, count: sequences)
        // A panel of tokens for each thread, so that all have one to quantise.
        blockTokens = min(256, max(64, QuantizedBlock.panelTokens * pool.threads))
        rows = TransformerRows(
            shape, stages: stages.flatMap(\.all) + [headStage], tokens: blockTokens, threads: pool.threads)
        scratch = (0..<pool.threads).map { _ in AttentionScratch(shape) }
        for stage in stages.flatMap(\.all) + [headStage] { place(stage) }
    }

    /// Threads that work, the caller's among them.
    public var threads: Int { pool.threads }

    /// Bytes that are held beside the weights: keys, values, and the rows of a block of tokens.
    public var byteCount: Int {
        cache.byteCount + rotary.byteCount + rows.byteCount + scratch.reduce(0) { $0 + $1.byteCount }
    }

    /// Tokens of a sequence so far.
    public func length(of sequence: Int = 0) -> Int { lengths[checked(sequence)] }

    /// Forgets a sequence.
    public func reset(sequence: Int = 0) {
        cache.reset(checked(sequence))
        lengths[sequence] = 0
    }

    /// Keys, turned and as they are kept, of a block, `(tokens, G * d)`.
    public func keys(of sequence: Int = 0, layer: Int) -> [[Float]] { kept(checked(sequence), layer, values: false) }

    /// Values as they are kept of a block, `(tokens, G * d)`.
    public func values(of sequence: Int = 0, layer: Int) -> [[Float]] { kept(checked(sequence), layer, values: true) }

    private func kept(_ sequence: Int, _ layer: Int, values: Bool) -> [[Float]] {
        let (heads, size) = (weights.configuration.keyValueHeadCount, weights.configuration.headSize)
        return (0..<lengths[sequence]).map { position in
            let page = cache.page(sequence, layer: layer, position: position, values: values)
            return Array(unsafeUninitializedCapacity: heads * size) { row, count in
                for head in 0..<heads {
                    floatKernels.recall(page, head, position % KeyValueCache.pageTokens, row.baseAddress! + head * size)
                }
                count = heads * size
            }
        }
    }

    private func checked(_ sequence: Int) -> Int {
        precondition(0..<sequenceCount ~= sequence, "sequence \(sequence) of \(sequenceCount)")
        return sequence
    }

    /// Takes the next tokens of a sequence through the model.
    ///
    /// - Parameters:
    ///   - tokens: ids below the vocabulary's size; with those before them at most `contextLimit`.
    ///   - sequence: below `sequenceCount`.
    /// - Returns: the logits of the tokens that `logits` asks for, `(rows, V)` row-major.
    public func forward(_ tokens: [Int], sequence: Int = 0, logits rows: LogitRows) -> [Float] {
        forward(tokens, of: Array(repeating: sequence, count: tokens.count), logits: rows)
    }

    /// Takes one token for each of several sequences through the model.
    ///
    /// - Parameters:
    ///   - tokens: ids below the vocabulary's size.
    ///   - sequences: whose each token is.
    /// - Returns: their logits, `(tokens, V)` row-major.
    public func step(_ tokens: [Int], of sequences: [Int]) -> [Float] {
        precondition(tokens.count == sequences.count, "\(tokens.count) tokens for \(sequences.count) sequences")
        return forward(tokens, of: sequences, logits: .all)
    }

    private func forward(_ tokens: [Int], of sequences: [Int], logits wanted: LogitRows) -> [Float] {
        precondition(
            tokens.allSatisfy { 0..<weights.configuration.vocabularySize ~= $0 }, "a token id is outside the vocabulary")
        let vocabulary = headStage.projections[0].matrix.rows
        return Array(unsafeUninitializedCapacity: wanted.rowCount(tokens: tokens.count) * vocabulary) { logits, written in
            for first in stride(from: 0, to: tokens.count, by: blockTokens) {
                let count = min(blockTokens, tokens.count - first)
                let places = sequences[first..<first + count].map { place(afterLastOf: checked($0)) }
                hidden(tokens[first..<first + count], places, first: first)
                let range =
                    switch wanted {
                    case .none: 0..<0
                    case .last: first + count == tokens.count ? count - 1..<count : 0..<0
                    case .all: 0..<count
                    }
                guard !range.isEmpty, let start = logits.baseAddress else { continue }
                head(range, first: first, into: start + written)
                written += range.count * vocabulary
            }
        }
    }

    /// The place of a sequence's next token, for which there is room then.
    private func place(afterLastOf sequence: Int) -> TokenPlace {
        let position = lengths[sequence]
        precondition(position < contextLimit, "sequence \(sequence) has \(contextLimit) tokens, as many as may be")
        lengths[sequence] = position + 1
        cache.grow(sequence, to: position + 1)
        rotary.grow(to: position + 1)
        return TokenPlace(sequence: sequence, position: position)
    }

    /// Takes a block of tokens through all layers; the residual stream is what remains.
    private func hidden(_ tokens: ArraySlice<Int>, _ places: [TokenPlace], first: Int) {
        let width = weights.configuration.hiddenSize
        let stream = rows.stream.base
        pool.run(tokens.count) { [weights] token, _ in
            let row = weights.embedding.row(tokens[tokens.startIndex + token])
            for (column, value) in row.enumerated() { stream[token * width + column] = Exact.settle(value) }
        }
        report(.embedding, layer: 0, first: first, count: tokens.count, stream, width: width)
        for index in weights.layers.indices {
            attentionBlock(index, places, first: first)
            feedForwardBlock(index, count: tokens.count, first: first)
        }
    }

    /// Hands rows of a stage to the observer, if there is one.
    func report(
        _ stage: Stage, layer: Int, first: Int, count: Int, _ values: UnsafeMutablePointer<Float>, width: Int
    ) {
        guard let observe else { return }
        for token in 0..<count {
            observe(stage, layer, first + token, Array(UnsafeBufferPointer(start: values + token * width, count: width)))
        }
    }
}

/// Whose a token is, and how many came before it.
struct TokenPlace: Equatable {
    var sequence, position: Int
}
