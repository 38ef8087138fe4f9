import TernaryCore

// What dispatches that join several steps have to do.

extension GateQuantize: CostedKernel {
    /// Gate and hidden state in; the gated row and its codes out.
    public var cost: KernelCost {
        let gating = OutputGate(count: tokens * channels).cost.floatOperations
        return KernelCost.norm(tokens: tokens, columns: channels, RowNorm(outerEpsilon: outerEpsilon), hasStatistic: true)
            + .quantisation(tokens: tokens, columns: channels)
            + KernelCost(read: 0, written: tokens * (5 * channels + 8), floatOperations: gating)
    }
}

extension GLUQuantize: CostedKernel {
    /// Gate and up in, codes out; squaring a gate is a comparison and a product.
    public var cost: KernelCost {
        let values = tokens * columns
        let each = activation == .silu ? GLU(count: 1).cost.floatOperations : 3
        return KernelCost.norm(tokens: tokens, columns: columns, norm) + .quantisation(tokens: tokens, columns: columns)
            + KernelCost(read: 4 * values, written: tokens * (columns + 8), floatOperations: each * values)
    }
}

extension ResidualQuantize: CostedKernel {
    /// The stream and what is added in; the sum and codes of each weighting out.
    public var cost: KernelCost {
        let values = tokens * columns
        return KernelCost.norm(tokens: tokens, columns: columns, weightings: norms, norm)
            + .quantisation(tokens: tokens * norms, columns: columns)
            + KernelCost(read: 4 * values, written: 4 * values + tokens * norms * (columns + 8), floatOperations: values)
    }
}

extension MLGRUStep: CostedKernel {
    /// Three projections, the bound and each row's sequence and state in; state and gated output out.
    public var cost: KernelCost {
        let values = rows * channels
        return KernelCost(
            read: 4 * (4 * values + rows + (hasLowerBound ? channels : 0)), written: 8 * values,
            floatOperations: MLGRUGates(tokens: rows, channels: channels, hasLowerBound: hasLowerBound).cost.floatOperations
                + 2 * values + OutputGate(count: values).cost.floatOperations)
    }
}

extension MLGRUStepQuantize: CostedKernel {
    /// As ``MLGRUStep``, but codes instead of the gated output.
    public var cost: KernelCost {
        let step = MLGRUStep(rows: rows, channels: channels, stateStride: stateStride, hasLowerBound: hasLowerBound).cost
        // The step has read the row and its statistic.
        var norm = KernelCost.norm(tokens: rows, columns: channels, RowNorm(outerEpsilon: outerEpsilon))
        norm.read -= 4 * rows * channels
        return norm + .quantisation(tokens: rows, columns: channels)
            + KernelCost(
                read: step.read, written: 4 * rows * channels + rows * (channels + 8), floatOperations: step.floatOperations)
    }
}

extension MLGRUFusedBatch: CostedKernel {
    /// As ``MLGRUFused`` for as many tokens, and each row's sequence.
    public var cost: KernelCost {
        var all = step
        all.tokens = rows
        return all.cost + KernelCost(read: 4 * rows, written: 0)
    }
}

extension TernaryUnpack: CostedKernel {
    /// 64 bytes for five tiles of 16; the integer operations that take digits off are not counted.
    public var cost: KernelCost {
        KernelCost(read: matrices * ceilDivide(tiles, Base3Packing.tilesEach) * 64, written: matrices * tiles * 16)
    }
}

extension Argmax: CostedKernel {
    /// Every value compared once; its place written twice.
    public var cost: KernelCost {
        KernelCost(read: 4 * rows * columns, written: 8 * rows, floatOperations: rows * columns)
    }
}
