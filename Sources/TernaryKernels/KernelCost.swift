/// What one dispatch has to move and to compute, whatever its shader does: the arithmetic of its description.
///
/// Bytes are those of device memory: every input once, every output once. Padding does not count.
public struct KernelCost: Sendable, Equatable {
    /// Bytes of inputs.
    public var read: Int
    /// Bytes of outputs.
    public var written: Int
    /// Multiplications and additions of int8 values: two for each weight and token.
    public var int8Operations: Int
    /// Additions, multiplications, comparisons, roundings, divisions and exponentials of floats, each counted as one.
    public var floatOperations: Int

    /// Nothing is computed unless it is said.
    public init(read: Int, written: Int, int8Operations: Int = 0, floatOperations: Int = 0) {
        self.read = read
        self.written = written
        self.int8Operations = int8Operations
        self.floatOperations = floatOperations
    }

    /// All bytes.
    public var bytes: Int { read + written }
    /// All operations.
    public var operations: Int { int8Operations + floatOperations }

    /// One dispatch after the other: what the first writes for the second counts.
    public static func + (a: KernelCost, b: KernelCost) -> KernelCost {
        KernelCost(
            read: a.read + b.read, written: a.written + b.written, int8Operations: a.int8Operations + b.int8Operations,
            floatOperations: a.floatOperations + b.floatOperations)
    }

    /// A ternary product: packed weights once, `input` bytes of activations, f32 results.
    fileprivate static func product(
        tokens: Int, rows: Int, columns: Int, matrices: Int, terms: RowTerms = .matrix(scale: 1), input: Int, written: Int
    ) -> KernelCost {
        KernelCost(
            read: matrices * ((rows * columns + 3) / 4) + terms.byteCount(rows: matrices * rows) + input, written: written,
            int8Operations: 2 * tokens * matrices * rows * columns,
            floatOperations: tokens * matrices * rows * (terms == .scalesAndBiases ? 2 : 1))
    }

    /// Norms of rows, of which each value is squared and added; weighted in so many ways.
    static func norm(
        tokens: Int, columns: Int, weightings: Int = 1, _ norm: RowNorm, hasStatistic: Bool = false
    ) -> KernelCost {
        let values = tokens * columns
        let weights = norm.count == 0 ? 0 : weightings + norm.count - 1
        return KernelCost(
            read: 4 * (values * (hasStatistic ? 2 : 1) + columns * weights), written: 0,
            floatOperations: values * ([0, 2, 5][norm.count] + (norm.count == 0 ? 0 : weightings)))
    }

    /// Quantising a row: magnitude, comparison, product and rounding of each value.
    static func quantisation(tokens: Int, columns: Int) -> KernelCost {
        KernelCost(read: 0, written: 0, floatOperations: 4 * tokens * columns)
    }
}

/// A kernel of which is known what it has to do.
public protocol CostedKernel: Kernel {
    /// What one dispatch has to move and to compute.
    var cost: KernelCost { get }
}

extension Embedding: CostedKernel {
    /// One row of the table for each token; nothing is computed.
    public var cost: KernelCost {
        KernelCost(read: tokens * (4 + columns * element.byteCount), written: tokens * columns * 4)
    }
}

extension RMSNorm: CostedKernel {
    /// The weighted row and its factor are written.
    public var cost: KernelCost {
        KernelCost.norm(tokens: tokens, columns: columns, norm)
            + KernelCost(read: 0, written: tokens * (columns + 1) * 4)
    }
}

extension Quantize: CostedKernel {
    /// A byte for each value, a step and a sum for each row.
    public var cost: KernelCost {
        KernelCost.quantisation(tokens: tokens, columns: columns)
            + KernelCost(read: tokens * (columns + 1) * 4, written: tokens * (columns + 8))
    }
}

extension NormQuantize: CostedKernel {
    /// Codes, step and sum of each weighting.
    public var cost: KernelCost {
        KernelCost.norm(
            tokens: tokens, columns: columns, weightings: norms, norm, hasStatistic: hasSeparateStatistic)
            + KernelCost.quantisation(tokens: tokens * norms, columns: columns)
            + KernelCost(read: 0, written: tokens * norms * (columns + 8))
    }
}

extension TernaryMatmul: CostedKernel {
    /// Codes, steps and sums in, f32 out.
    public var cost: KernelCost {
        .product(
            tokens: tokens, rows: rows, columns: columns, matrices: 1, terms: terms, input: tokens * (columns + 8),
            written: tokens * rows * 4)
    }
}

extension BitLinearFused: CostedKernel {
    /// Rows in, f32 out; what lies between stays in shared memory.
    public var cost: KernelCost {
        KernelCost.norm(tokens: tokens, columns: columns, norm, hasStatistic: hasSeparateStatistic)
            + .quantisation(tokens: tokens, columns: columns)
            + .product(
                tokens: tokens, rows: rows, columns: columns, matrices: 1, terms: terms,
                input: addsResidual ? tokens * rows * 4 : 0,
                written: tokens * rows * 4)
    }
}

extension GLUFused: CostedKernel {
    /// Both products, and the channel mixer's of each pair.
    public var cost: KernelCost {
        var cost =
            KernelCost.norm(tokens: tokens, columns: columns, norm)
            + .quantisation(tokens: tokens, columns: columns)
            + .product(
                tokens: tokens, rows: channels, columns: columns, matrices: 2, terms: terms, input: 0,
                written: tokens * channels * 4)
        cost.floatOperations += GLU(count: tokens * channels).cost.floatOperations
        return cost
    }
}

extension MLGRUFused: CostedKernel {
    /// Three products of three weightings, the gates, and for one token the step and the output gate.
    public var cost: KernelCost {
        let values = tokens * channels
        let gates = MLGRUGates(tokens: tokens, channels: channels, hasLowerBound: hasLowerBound).cost
        // A step reads and writes the state, and writes gate and gated; a sequence's gates are three rows.
        let state = isSequence ? 0 : values * 4
        var cost =
            KernelCost.norm(tokens: tokens, columns: columns, weightings: 3, RowNorm(outerEpsilon: epsilon))
            + .quantisation(tokens: 3 * tokens, columns: columns)
            + .product(
                tokens: tokens, rows: channels, columns: columns, matrices: 3,
                input: state + (hasLowerBound ? channels * 4 : 0), written: 3 * values * 4)
        cost.floatOperations +=
            gates.floatOperations + (isSequence ? 0 : 2 * values + OutputGate(count: values).cost.floatOperations)
        return cost
    }
}

extension MLGRU: CostedKernel {
    /// Two gates in, the state out; the state stays in a register.
    public var cost: KernelCost {
        let values = tokens * channels
        return KernelCost(read: 4 * (2 * values + channels), written: 4 * (values + channels), floatOperations: 2 * values)
    }
}

extension MLGRUGates: CostedKernel {
    /// Sigmoid (exponential, addition, division) and SiLU (one more product) and what joins them, in place.
    public var cost: KernelCost {
        let values = tokens * channels
        return KernelCost(
            read: 4 * (2 * values + (hasLowerBound ? channels : 0)), written: 4 * 2 * values,
            floatOperations: values * (hasLowerBound ? 12 : 9))
    }
}

extension GLU: CostedKernel {
    /// SiLU (exponential, addition, division, product) and a product.
    public var cost: KernelCost { KernelCost(read: 8 * count, written: 4 * count, floatOperations: 5 * count) }
}

extension OutputGate: CostedKernel {
    /// As ``GLU``.
    public var cost: KernelCost { KernelCost(read: 8 * count, written: 4 * count, floatOperations: 5 * count) }
}

extension Residual: CostedKernel {
    /// An addition.
    public var cost: KernelCost { KernelCost(read: 8 * count, written: 4 * count, floatOperations: count) }
}
