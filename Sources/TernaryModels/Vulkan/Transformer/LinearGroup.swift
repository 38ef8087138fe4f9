import TernaryCore
import TernaryKernels
import VulkanCompute

/// Projections that read one row behind the same norms, their matrices one behind the other: one product on a device.
struct LinearGroup {
    /// How the product is made.
    enum Kind {
        /// Int8 activations and ternary weights.
        case quantized(norm: RowNorm, outer: TensorArena.Place?, inner: TensorArena.Place?, terms: RowTerms)
        /// Floats.
        case float(layout: DenseLayout, norms: [(weight: TensorArena.Place, epsilon: Float)])
    }

    let kind: Kind
    /// Of all matrices.
    let rows: Int
    let columns: Int
    let weights: TensorArena.Place
    /// Of rows, or of groups of columns; and where `terms` says so, biases behind them.
    let scales: TensorArena.Place?
    /// Of a product of floats.
    let bias: TensorArena.Place?

    /// Puts projections into an arena.
    ///
    /// - Parameters:
    ///   - chain: the norms in front of them all.
    ///   - isGLU: whether they are the two halves of a GLU, whose padding stays between them.
    /// - Returns: nil where they cannot be one product.
    init?(
        _ projections: [Projection], chain: NormChain, quantizesActivations: Bool, isGLU: Bool = false,
        in arena: inout TensorArena
    ) {
        let matrices = projections.map(\.matrix)
        let (rows, columns) = (matrices.reduce(0) { $0 + $1.rows }, matrices[0].columns)
        // Tiles are four rows: only the last matrix, or a GLU's half, may end within one.
        guard isGLU || matrices.dropLast().allSatisfy({ $0.rows.isMultiple(of: 4) }) else { return nil }
        let biases: [Float]? =
            projections.contains { $0.bias != nil }
            ? projections.flatMap { $0.bias ?? Array(repeating: 0, count: $0.matrix.rows) } : nil
        (self.rows, self.columns) = (rows, columns)
        if let scales = Self.rowScales(matrices), quantizesActivations {
            let norm = InputNorm(chain: chain)
            let terms: RowTerms
            if biases == nil, let first = scales.first, scales.allSatisfy({ $0 == first }) {
                terms = .matrix(scale: first)
                self.scales = nil
            } else {
                terms = biases == nil ? .scales : .scalesAndBiases
                self.scales = arena.add(floats: scales + (biases ?? []))
            }
            kind = .quantized(
                norm: RowNorm(chain: chain), outer: norm?.outer.map { arena.add(row: $0) },
                inner: norm.map { arena.add(row: $0.combined) }, terms: terms)
            weights = arena.add(words: matrices.map(Self.words))
            bias = nil
            return
        }
        guard let layout = Self.layout(matrices) else { return nil }
        kind = .float(layout: layout, norms: chain.map { (arena.add(row: $0.weight), $0.epsilon) })
        let values = Self.scales(matrices, layout)
        scales = values.isEmpty ? nil : arena.add(floats: values)
        bias = biases.map { arena.add(floats: $0) }
        weights = Self.add(matrices, layout, to: &arena)
    }

    /// Whether the sums of rows are made of int8 codes.
    var isQuantized: Bool { if case .quantized = kind { true } else { false } }

    private static func words(_ matrix: LinearMatrix) -> PackedStorage<UInt32> {
        guard case .ternary(let ternary, _) = matrix else { preconditionFailure("no ternary matrix") }
        return ternary.words
    }

    /// A scale for each row, where all matrices are ternary and have no more.
    private static func rowScales(_ matrices: [LinearMatrix]) -> [Float]? {
        var all: [Float] = []
        for matrix in matrices {
            guard case .ternary(let ternary, let scales) = matrix, scales?.isPerRow ?? true else { return nil }
            all += scales?.values ?? Array(repeating: ternary.scale, count: ternary.rows)
        }
        return all
    }

    /// How the matrices lie as one; nil where they are of different kinds.
    private static func layout(_ matrices: [LinearMatrix]) -> DenseLayout? {
        guard matrices.count > 1 else { return DenseLayout(matrices[0]) }
        if case .ternary(let first, let firstScales) = matrices[0] {
            let columns = firstScales?.columns
            // A matrix's one scale becomes one a row.
            let same = matrices.allSatisfy { if case .ternary(_, let scales) = $0 { scales?.columns == columns } else { false } }
            let merged = GroupScales(
                rows: first.rows, columns: first.columns, groupColumns: columns ?? first.columns,
                values: firstScales?.values ?? Array(repeating: first.scale, count: first.rows))
            return same ? DenseLayout(.ternary(first, merged)) : nil
        }
        let layouts = matrices.map { DenseLayout($0) }
        return layouts.allSatisfy { $0 == layouts[0] } ? layouts[0] : nil
    }

    private static func scales(_ matrices: [LinearMatrix], _ layout: DenseLayout) -> [Float] {
        guard layout.scalesPerRow > 0 else { return [] }
        return matrices.flatMap { matrix -> [Float] in
            switch matrix {
            case .dense(let dense): dense.scales
            case .ternary(let ternary, let scales): scales?.values ?? Array(repeating: ternary.scale, count: ternary.rows)
            }
        }
    }

    private static func add(_ matrices: [LinearMatrix], _ layout: DenseLayout, to arena: inout TensorArena) -> TensorArena.Place {
        if layout.element == .ternary { return arena.add(words: matrices.map(words)) }
        let parts = matrices.map { matrix -> PackedStorage<UInt8> in
            guard case .dense(let dense) = matrix else { preconditionFailure("no dense matrix") }
            return dense.bytes
        }
        let bytes = parts.count == 1 ? parts[0] : PackedStorage(parts.flatMap { $0 })
        let rows = matrices.reduce(0) { $0 + $1.rows }
        return arena.add(rows: bytes, rowBytes: bytes.count / rows, paddedBytes: layout.rowBytes)
    }
}
