import CTernary
import TernaryCPU
import TernaryCore
import TernaryKernels
import TernaryReference

/// The ops of one shape on the CPU, with the values that they take.
///
/// Work is shared among threads as engines share it (`MatMulFreeCPU`, `TransformerCPU`): rows of tokens in panels, rows of matrices in chunks.
final class CPUSuite {
    let shape: MatrixShape
    let workers: CPUWorkers
    let kernels: ct_kernels
    let floatKernels: ct_transformer

    init(_ shape: MatrixShape, _ workers: CPUWorkers) {
        (self.shape, self.workers) = (shape, workers)
        (kernels, floatKernels) = (workers.kernels, workers.floatKernels)
    }

    /// Refuses what would fill memory with the rows of an op, of which the hungriest has eight.
    static func checkMemory(_ shape: MatrixShape, tokens: Int) throws {
        guard 8 * 4 * tokens * max(shape.columns, shape.rows) <= PlainMemory.available else {
            throw UsageError(
                "\(tokens) tokens of \(shape.columns)x\(shape.rows) take more memory than is free; give fewer tokens or smaller shapes"
            )
        }
    }

    private(set) lazy var x = KernelValues.activations(shape.columns, seed: 2)
    private(set) lazy var norm = KernelValues.weightings(1, width: shape.columns)[0]
    private(set) lazy var quantized = x.map { TernaryReference.quantize(bitLinearNorm($0, norm: norm)) }

    // What matrices an op multiplies with, for all token counts; they fill much of the memory, so of dense ones there is one.
    var keptWeights: (copies: RotatedBytes, compared: TernaryMatrix)?
    var keptDense: (element: DenseMatrix.Element, copies: RotatedBytes, compared: DenseMatrix, byteCount: Int)?

    /// The op at so many tokens; nil where this shape has no use for it, or the CPU has it not.
    func makeCase(_ op: KernelOp, tokens: Int) throws -> CPUCase? {
        switch op {
        case .normQuantize: normQuantize(tokens: tokens)
        case .ternaryMatmul: ternaryMatmul(tokens: tokens)
        case .bitlinearSplit: bitlinear(tokens: tokens)
        case .glu: glu(tokens: tokens)
        case .mlgruStep: mlgruStep(tokens: tokens)
        case .residual: residual(tokens: tokens)
        case .normRows: normRows(tokens: tokens)
        case .argmax: argmax(tokens: tokens)
        case .denseMatmul: dense(op, .float16, tokens: tokens)
        case .denseMatmulFloat32: dense(op, .float32, tokens: tokens)
        case .denseMatmulBFloat16: dense(op, .bfloat16, tokens: tokens)
        case .denseMatmulQ8: dense(op, .scaledInt8, tokens: tokens)
        case .ternaryMatmulFloats: ternaryFloats(tokens: tokens)
        case .attentionStep: attentionStep(tokens: tokens)
        case .attentionChunk: attentionChunk(tokens: tokens)
        case .rotate: rotate(tokens: tokens)
        case .keepKeys: keepKeys(tokens: tokens)
        case .recallKeys: recallKeys(tokens: tokens)
        default: nil
        }
    }

    // MARK: Shares of threads

    /// Calls `body` with ranges of a matrix's rows, on all threads.
    func forRows(_ rows: Int, _ body: (_ rows: Range<Int>, _ thread: Int) -> Void) {
        let chunks = RowChunks(rowCounts: [rows], threads: workers.threads)
        workers.run(chunks.count) { chunk, thread in body(chunks.rows(ofPart: 0, in: chunk..<chunk + 1), thread) }
    }

    /// Calls `body` with panels of tokens, on all threads.
    func forPanels(_ tokens: Int, _ body: (_ tokens: Range<Int>, _ thread: Int) -> Void) {
        workers.run((tokens + CT_PANEL_TOKENS - 1) / CT_PANEL_TOKENS) { panel, thread in
            body(panel * CT_PANEL_TOKENS..<min((panel + 1) * CT_PANEL_TOKENS, tokens), thread)
        }
    }

    /// Panels of tokens, one after the other, of a thread's own chunk.
    static func panels(_ tokens: Int) -> some Sequence<Range<Int>> {
        stride(from: 0, to: tokens, by: CT_PANEL_TOKENS).lazy.map { $0..<min($0 + CT_PANEL_TOKENS, tokens) }
    }

    // MARK: Values

    /// Rows repeated over the tokens.
    static func repeated<Element: BitwiseCopyable>(_ rows: [[Element]], tokens: Int) -> Pad<Element> {
        let width = rows[0].count
        let pad = Pad<Element>(tokens * width)
        for token in 0..<tokens { (pad.base + token * width).update(from: rows[token % rows.count], count: width) }
        return pad
    }

    /// The first row of `found`, `(tokens, width)`, that is not the one of `expected` whose turn it is.
    ///
    /// - Parameter places: of the values that `expected` has; all where none are named.
    static func firstWrongRow(
        _ found: Pad<Float>, width: Int, tokens: Int, _ expected: [[Float]], places: [Int]? = nil
    ) -> Int? {
        (0..<tokens).first { token in
            let (row, expected) = (found.base + token * width, expected[token % expected.count])
            return expected.enumerated().contains { index, value in
                row[places?[index] ?? index].bitPattern != value.bitPattern
            }
        }
    }

    // MARK: Rows of a matrix that are compared

    /// Weights that the reference multiplies for a row: more take it seconds.
    private static let comparedWeights = 1 << 24

    /// Groups of four rows of the shape's matrix, all or as many as are quickly computed: the first, the last and those between.
    private(set) lazy var comparedGroups: [Int] = {
        let groups = (shape.rows + 3) / 4
        let count = min(groups, max(2, Self.comparedWeights / (4 * shape.columns)))
        return count == groups ? Array(0..<groups) : (0..<count).map { $0 * (groups - 1) / (count - 1) }
    }()

    /// The rows that these are.
    private(set) lazy var comparedRows = comparedGroups.flatMap { group in
        (4 * group..<4 * group + 4).filter { $0 < shape.rows }
    }
}
