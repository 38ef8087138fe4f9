import CTernary
import TernaryCore

/// MatMul-free LM on the CPU's vector units and all its cores; the bits are those of `MatMulFreeReference`.
///
/// A prompt is taken in blocks of tokens, so that weights are read once for many tokens; the recurrence runs in time
/// order within a block, which is why the result does not depend on how tokens are split into calls or blocks. A step of
/// several sequences is a block too, in which each token advances a state of its own.
///
/// Not for use from several threads at once.
public final class MatMulFreeCPU {
    /// The model's tensors; the kernels read the packed matrices where they are.
    public let weights: MatMulFreeWeights
    /// The kernels in use.
    public let variant: CPUVariant
    /// Is given the values of each stage, with the block's index (0 outside the blocks) and the token's position in
    /// the call. Slows a pass down.
    public var observe: ((_ stage: Stage, _ layer: Int, _ token: Int, _ values: [Float]) -> Void)?

    let kernels: ct_kernels
    let pool: ThreadPool
    let norms: [LayerNorms]
    let headNorm: InputNorm
    /// Most tokens in a block.
    let blockTokens: Int

    /// Sequences whose states are kept.
    public let sequenceCount: Int
    /// Recurrent states, `(sequences, L, D)`.
    let recurrent: Scratch<Float>
    /// Residual stream, `(blockTokens, H)`.
    let residual: Scratch<Float>
    /// What i_proj, f_proj and g_proj, or o_proj, gate_proj, down_proj or the head, multiply.
    let quantized: [QuantizedBlock]
    /// Gate projection and gated state, `(blockTokens, D)` each.
    let gateRows, gatedRows: Scratch<Float>
    /// SiLU(gate) * up, `(blockTokens, I)`.
    let productRows: Scratch<Float>
    /// State after each token, `(blockTokens, D)`, for the observer.
    private(set) var observedStates: Scratch<Float>?
    /// Weighted rows before they are rounded, one for each thread.
    let weighted: Scratch<Float>
    /// Integer sums of a chunk of three matrices for a panel of tokens, for each thread.
    let sums: Scratch<Int32>

    /// The widest row that is quantised, padded to whole registers.
    let widest: Int

    /// - Parameters:
    ///   - threads: threads that work, the caller's among them; nil for as many as the process may use.
    ///   - variant: the kernels; nil for those that `VKTERNARY_CPU` names, else the best that the machine can run.
    ///   - sequences: whose states are kept.
    /// - Throws: `CPUError` where `VKTERNARY_CPU` names kernels that cannot run.
    public init(
        _ weights: MatMulFreeWeights, threads: Int? = nil, variant: CPUVariant? = nil, sequences: Int = 1
    ) throws(CPUError) {
        precondition(sequences > 0, "an engine holds a sequence at least")
        let variant = if let variant { variant } else { try CPUVariant.chosen() }
        guard variant.isSupported, let table = variant.kernels else { throw .variant(variant.rawValue) }
        self.weights = weights
        self.variant = variant
        kernels = table.pointee
        pool = ThreadPool(threads: threads)
        let shape = weights.configuration
        norms = weights.layers.map { LayerNorms($0, epsilon: shape.normEpsilon) }
        headNorm = weights.headInputNorm
        // A panel of tokens for each thread, so that all have one to quantise.
        let tokens = min(256, max(64, QuantizedBlock.panelTokens * pool.threads))
        blockTokens = tokens
        widest = TernaryMatrix.padded(max(shape.hiddenSize, shape.stateSize, shape.intermediateSize), to: 64)
        let widest = widest
        sequenceCount = sequences
        recurrent = Scratch(sequences * weights.layers.count * shape.stateSize, zero: 0)
        residual = Scratch(tokens * shape.hiddenSize, zero: 0)
        quantized = (0..<3).map { _ in QuantizedBlock(tokens: tokens, widest: widest) }
        gateRows = Scratch(tokens * shape.stateSize, zero: 0)
        gatedRows = Scratch(tokens * shape.stateSize, zero: 0)
        productRows = Scratch(tokens * shape.intermediateSize, zero: 0)
        weighted = Scratch(pool.threads * widest, zero: 0)
        sums = Scratch(pool.threads * 3 * Self.sumsPerMatrix, zero: 0)
        for layer in weights.layers {
            for matrices in [
                [layer.input.matrix, layer.forget.matrix, layer.gate.matrix], [layer.output.matrix],
                [layer.mlpGate, layer.mlpUp],
                [layer.down.matrix],
            ] { place(matrices) }
        }
        place([weights.head.matrix])
    }

    /// Threads that work, the caller's among them.
    public var threads: Int { pool.threads }

    /// Recurrent state of a sequence, `(L, D)`.
    public func state(of sequence: Int = 0) -> [[Float]] {
        let width = weights.configuration.stateSize
        let start = recurrent.base + firstState(of: sequence)
        return weights.layers.indices.map { Array(UnsafeBufferPointer(start: start + $0 * width, count: width)) }
    }

    /// Sets what `state(of:)` gave.
    public func setState(_ rows: [[Float]], of sequence: Int = 0) {
        let width = weights.configuration.stateSize
        precondition(
            rows.count == weights.layers.count && rows.allSatisfy { $0.count == width },
            "a state is \(weights.layers.count) rows of \(width)")
        let start = recurrent.base + firstState(of: sequence)
        for (layer, row) in rows.enumerated() { (start + layer * width).update(from: row, count: width) }
    }

    /// Where the state of a sequence begins.
    func firstState(of sequence: Int) -> Int {
        precondition(0..<sequenceCount ~= sequence, "sequence \(sequence) of \(sequenceCount)")
        return sequence * weights.layers.count * weights.configuration.stateSize
    }

    /// Takes tokens of a sequence through the model and advances its state.
    ///
    /// - Parameters:
    ///   - tokens: ids below the vocabulary's size.
    ///   - sequence: below `sequenceCount`.
    /// - Returns: the logits of the tokens that `logits` asks for, `(rows, V)` row-major.
    public func forward(_ tokens: [Int], sequence: Int = 0, logits rows: LogitRows) -> [Float] {
        forward(tokens, states: Array(repeating: firstState(of: sequence), count: tokens.count), logits: rows)
    }

    /// Takes one token for each of several sequences through the model and advances their states.
    ///
    /// - Parameters:
    ///   - tokens: ids below the vocabulary's size.
    ///   - sequences: whose each token is.
    /// - Returns: their logits, `(tokens, V)` row-major.
    public func step(_ tokens: [Int], of sequences: [Int]) -> [Float] {
        precondition(tokens.count == sequences.count, "\(tokens.count) tokens for \(sequences.count) sequences")
        return forward(tokens, states: sequences.map(firstState), logits: .all)
    }

    /// - Parameter states: where the state that each token advances begins.
    private func forward(_ tokens: [Int], states: [Int], logits rows: LogitRows) -> [Float] {
        precondition(
            tokens.allSatisfy { $0 >= 0 && $0 < weights.embedding.rows }, "a token id is outside the vocabulary")
        let vocabulary = weights.head.matrix.rows
        return Array(unsafeUninitializedCapacity: rows.rowCount(tokens: tokens.count) * vocabulary) { logits, written in
            for first in stride(from: 0, to: tokens.count, by: blockTokens) {
                let count = min(blockTokens, tokens.count - first)
                hidden(tokens[first..<first + count], states: Array(states[first..<first + count]), first: first)
                let wanted =
                    switch rows {
                    case .none: 0..<0
                    case .last: first + count == tokens.count ? count - 1..<count : 0..<0
                    case .all: 0..<count
                    }
                guard !wanted.isEmpty, let start = logits.baseAddress else { continue }
                head(wanted, first: first, into: start + written)
                written += wanted.count * vocabulary
            }
        }
    }

    /// Takes a block of tokens through all layers; the residual stream is what remains.
    private func hidden(_ tokens: ArraySlice<Int>, states: [Int], first: Int) {
        let width = weights.configuration.hiddenSize
        let stream = residual.base
        pool.run(tokens.count) { [weights] token, _ in
            let row = weights.embedding.row(tokens[tokens.startIndex + token])
            (stream + token * width).update(from: row, count: width)
        }
        report(.embedding, layer: 0, first: first, count: tokens.count, stream, width: width)
        for index in weights.layers.indices {
            tokenMixer(index, states: states, first: first)
            channelMixer(index, count: tokens.count, first: first)
        }
    }

    /// Hands rows of a stage to the observer, if there is one.
    func report(
        _ stage: Stage, layer: Int, first: Int, count: Int, _ values: UnsafeMutablePointer<Float>, width: Int
    ) {
        guard let observe else { return }
        for token in 0..<count {
            observe(
                stage, layer, first + token, Array(UnsafeBufferPointer(start: values + token * width, count: width)))
        }
    }

    /// Where the states after each token go; nil where nobody looks.
    func statesForObserver() -> UnsafeMutablePointer<Float>? {
        guard observe != nil else { return nil }
        if observedStates == nil { observedStates = Scratch(blockTokens * weights.configuration.stateSize, zero: 0) }
        return observedStates!.base
    }
}
