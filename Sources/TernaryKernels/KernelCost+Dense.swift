import TernaryCore

// What a transformer's dispatches that are no ternary products have to do.

extension DenseLayout {
    /// Bytes of so many rows' weights and scales, without padding.
    fileprivate func usedByteCount(rows: Int) -> Int {
        let weights = rows * columns
        let bytes =
            switch element {
            case .float32: 4 * weights
            case .float16, .bfloat16: 2 * weights
            case .scaledInt8: weights
            case .ternary: ceilDivide(weights, 4)
            }
        return bytes + 4 * rows * scalesPerRow
    }
}

extension DenseMatmul: CostedKernel {
    /// Weights once, float rows in and out; a product and an addition for each weight and token.
    public var cost: KernelCost {
        let results = tokens * rows.count
        return KernelCost(
            read: layout.usedByteCount(rows: rows.count) + 4 * tokens * layout.columns + (hasBias ? 4 * rows.count : 0)
                + (addsResidual ? 4 * results : 0),
            written: 4 * results,
            floatOperations: results * (2 * layout.columns + (hasBias ? 1 : 0) + (addsResidual ? 1 : 0)))
    }
}

extension DenseEmbedding: CostedKernel {
    /// One row of the table for each token; scaled where there are scales.
    public var cost: KernelCost {
        let isScaled = layout.element == .scaledInt8 || layout.element == .ternary
        return KernelCost(
            read: tokens * (4 + layout.usedByteCount(rows: 1)), written: 4 * tokens * layout.columns,
            floatOperations: isScaled ? tokens * layout.columns : 0)
    }
}

extension NormRows: CostedKernel {
    /// A square, its addition and two products for each value.
    public var cost: KernelCost {
        let values = rows.count * columns
        return KernelCost(read: 4 * (values + columns), written: 4 * values, floatOperations: 4 * values)
    }
}

extension AttentionPrompt: CostedKernel {
    /// At the start of a text, for a dispatch is not told how much of it lies before: each query takes the keys up to its own token. A score
    /// is a dot product, its scale, comparison, subtraction, exponential and addition; then the head's values are weighted and added.
    public var cost: KernelCost {
        let scores = shape.heads * (tokens * (tokens + 1) / 2)
        let (queries, kept) = (tokens * shape.heads * shape.headSize, 2 * tokens * shape.keyValueHeads * shape.headSize)
        let cache =
            switch shape.cache {
            case .float32: 4 * kept
            case .float16: 2 * kept
            case .q8: kept + 4 * kept / KeyValueElement.groupSize
            }
        return KernelCost(
            read: 4 * queries + cache + 8 + 4 * ceilDivide(tokens, AttentionShape.pageTokens), written: 4 * queries,
            floatOperations: scores * (4 * shape.headSize + 5) + queries)
    }
}
