import CTernary
import TernaryCore

/// Rows of a block of tokens between the stages of a transformer.
struct TransformerRows {
    /// Residual stream, `(tokens, D)`.
    let stream: Scratch<Float>
    /// Queries, keys and values as they are projected, `(tokens, H * d)` and `(tokens, G * d)`.
    let query, key, value: Scratch<Float>
    /// Queries as attention takes them, `(tokens, H, d padded to 4)`.
    let turned: Scratch<Float>
    /// Attention's result, `(tokens, H * d)`.
    let attended: Scratch<Float>
    /// activation(gate) * up, `(tokens, F)`.
    let product: Scratch<Float>
    /// Quantised inputs of a stage.
    let codes: [QuantizedBlock]
    /// Inputs of a stage as floats, spread; `(tokens, padded columns)`.
    let floats: [Scratch<Float>]
    /// A row before it is rounded, or normed, for each thread.
    let wide: Scratch<Float>
    /// Integer sums of a chunk of rows for a panel of tokens, for each thread.
    let sums: Scratch<Int32>
    /// Products of a chunk of two matrices for a panel of tokens, for each thread.
    let products: Scratch<Float>
    /// What each of up to `sharedChunks` chunks of keys adds to a single token, and the sums of the chunks.
    let shares, sumsOfOne: Scratch<Float>
    /// Values of the widest row, padded to whole registers.
    let widest: Int

    init(_ shape: TransformerConfiguration, stages: [ProjectionStage], tokens: Int, threads: Int) {
        widest = TernaryMatrix.padded(stages.reduce(0) { max($0, $1.width) }, to: CT_SPREAD_COLUMNS)
        stream = Scratch(tokens * shape.hiddenSize, zero: 0)
        query = Scratch(tokens * shape.queryWidth, zero: 0)
        key = Scratch(tokens * shape.keyValueWidth, zero: 0)
        value = Scratch(tokens * shape.keyValueWidth, zero: 0)
        turned = Scratch(tokens * shape.headCount * shape.paddedHeadSize, zero: 0)
        attended = Scratch(tokens * shape.queryWidth, zero: 0)
        product = Scratch(tokens * shape.intermediateSize, zero: 0)
        // The widest input of each number in a stage.
        var (codeWidths, floatWidths): ([Int], [Int]) = ([], [])
        for stage in stages {
            for (index, input) in stage.inputs.enumerated() {
                switch input {
                case .codes: Self.raise(&codeWidths, index, to: stage.width)
                case .floats: Self.raise(&floatWidths, index, to: stage.width)
                }
            }
        }
        codes = codeWidths.map { QuantizedBlock(tokens: tokens, widest: $0) }
        floats = floatWidths.map { Scratch(tokens * TernaryMatrix.padded($0, to: CT_SPREAD_COLUMNS), zero: 0) }
        let attended = shape.keyValueHeadCount * ct_attended.count(shape.groupSize, shape.headSize)
        shares = Scratch(Self.sharedChunks * attended, zero: 0)
        sumsOfOne = Scratch(attended, zero: 0)
        wide = Scratch(threads * widest, zero: 0)
        sums = Scratch(threads * Self.chunk, zero: 0)
        products = Scratch(threads * 2 * Self.chunk, zero: 0)
    }

    /// Values of a chunk of rows of a matrix for a panel of tokens.
    static let chunk = CT_CHUNK_ROWS * QuantizedBlock.panelTokens

    /// Chunks of keys that are shared out at a time.
    static let sharedChunks = 32

    private static func raise(_ widths: inout [Int], _ index: Int, to width: Int) {
        while widths.count <= index { widths.append(0) }
        widths[index] = max(widths[index], width)
    }

    /// Bytes of all rows.
    var byteCount: Int {
        let rows = [stream, query, key, value, turned, attended, product, wide, products, shares, sumsOfOne] + floats
        return rows.reduce(4 * sums.count) { $0 + 4 * $1.count } + codes.reduce(0) { $0 + $1.byteCount }
    }
}

extension TransformerConfiguration {
    /// Values of a head as dot products take them.
    var paddedHeadSize: Int { TernaryMatrix.padded(headSize, to: 4) }
    /// Query heads that share a key head.
    var groupSize: Int { headCount / keyValueHeadCount }
}
