import TernaryKernels

/// What was measured of an op at one size.
struct KernelResult {
    /// What makes two measurements the same.
    struct Key: Hashable {
        let op: KernelOp
        let tokens, columns: Int
        let rows: Int?
    }

    let key: Key
    let cost: KernelCost
    let seconds: Samples
    /// Share of what the device could do, and what keeps it from more; nil where no ceiling is measured that the op would come near.
    let limit: (share: Double, bound: DeviceCeilings.Bound)?

    init(_ key: Key, cost: KernelCost, seconds: Samples, floor: (seconds: Double, bound: DeviceCeilings.Bound)?) {
        self.key = key
        self.cost = cost
        self.seconds = seconds
        limit = floor.map { ($0.seconds / seconds.median, $0.bound) }
    }

    init(_ test: KernelCase, seconds: Samples, ceilings: DeviceCeilings) {
        self.init(Key(test), cost: test.cost, seconds: seconds, floor: test.floor(ceilings))
    }

    /// All results, by op; a fused BitLinear's also as a ratio to the unfused one.
    static func table(_ results: [KernelResult], facts: [BenchTable.Fact]) -> BenchTable {
        var table = BenchTable(facts: facts, columns: columns)
        let unfused = Dictionary(
            results.filter { $0.key.op == .bitlinearUnfused }.map { ($0.key, $0.seconds.median) }, uniquingKeysWith: { $1 })
        for op in KernelOp.allCases {
            for result in results where result.key.op == op {
                let key = result.key
                let baseline = Key(op: .bitlinearUnfused, tokens: key.tokens, columns: key.columns, rows: key.rows)
                let isBitLinear = op == .bitlinearFused || op == .bitlinearSplit
                table.append(result.cells(unfused: isBitLinear ? unfused[baseline] : nil))
            }
        }
        return table
    }

    private static let columns: [BenchTable.Column] = [
        .init("op", "op"), .init("tokens", "tokens"), .init("columns", "columns"), .init("rows", "rows"),
        .init("microseconds", "us"), .init("microseconds_lowest", "lowest"), .init("microseconds_highest", "highest"),
        .init("gb_per_second", "GB/s"), .init("tera_operations_per_second", "TOPS"), .init("operations_per_byte", "ops/byte"),
        .init("bound", "bound by"), .init("ceiling_percent", "of ceiling, %"), .init("unfused_by_fused", "unfused / this"),
    ]

    private func cells(unfused: Double?) -> [BenchTable.Cell] {
        [.text(key.op.rawValue), .int(key.tokens), .int(key.columns), key.rows.map { .int($0) } ?? .missing]
            + seconds.map { $0 * 1e6 }.cells(digits: 2) + [
                .number(Double(cost.bytes) / seconds.median / 1e9, digits: 1),
                .number(Double(cost.operations) / seconds.median / 1e12, digits: 2),
                .number(Double(cost.operations) / Double(cost.bytes), digits: 2),
                limit.map { .text($0.bound.rawValue) } ?? .missing,
                .optional(limit.map { $0.share * 100 }, digits: 1), .optional(unfused.map { $0 / seconds.median }, digits: 2),
            ]
    }
}

extension KernelResult.Key {
    /// The matrix or the width that an op takes of a shape.
    init(_ op: KernelOp, tokens: Int, of shape: MatrixShape) {
        switch op {
        case .rmsnorm, .quantize, .normQuantize, .normQuantize3, .normRows, .attentionPrompt, .attentionStep, .attentionChunk,
            .rotate,
            .keepKeys, .recallKeys:
            self.init(op: op, tokens: tokens, columns: shape.columns, rows: nil)
        case .glu, .gluQuantize: self.init(op: op, tokens: tokens, columns: shape.rows / 2, rows: nil)
        case .mlgru, .mlgruGates, .outputGate, .residual, .gateQuantize, .residualQuantize, .mlgruStep, .mlgruStepQuantize,
            .argmax:
            self.init(op: op, tokens: tokens, columns: shape.rows, rows: nil)
        case .embedding, .ternaryMatmul, .ternaryMatmulUnits, .bitlinearFused, .bitlinearUnfused, .bitlinearSplit, .gluFused,
            .mlgruFused, .mlgruFusedBatch, .denseMatmul, .denseEmbedding, .denseMatmulFloat32, .denseMatmulBFloat16,
            .denseMatmulQ8,
            .ternaryMatmulFloats:
            self.init(op: op, tokens: tokens, columns: shape.columns, rows: shape.rows)
        // Once a matrix, however many tokens are then multiplied with it.
        case .ternaryUnpack: self.init(op: op, tokens: 1, columns: shape.columns, rows: shape.rows)
        }
    }

    init(_ test: KernelCase) { self.init(op: test.op, tokens: test.tokens, columns: test.columns, rows: test.rows) }
}

extension DeviceCeilings {
    /// What the shares are shares of.
    var facts: [BenchTable.Fact] {
        [
            (.init("read_gb_per_second", "read bandwidth, GB/s"), .number(read / 1e9, digits: 1)),
            (.init("copy_gb_per_second", "copy bandwidth, GB/s"), .number(copy / 1e9, digits: 1)),
            (.init("int8_dot_tops", "int8 without matrix units, TOPS"), .number(int8Dot / 1e12, digits: 3)),
            (.init("int8_units_tops", "int8 product on matrix units, TOPS"), .optional(int8Units.map { $0 / 1e12 }, digits: 1)),
        ]
    }
}
