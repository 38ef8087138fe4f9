import CTernary
import TernaryCPU
import TernaryCore
import TernaryKernels
import TernaryReference

/// Quantisation and products with matrices.
extension CPUSuite {
    private var columns: Int { shape.columns }
    private var paddedColumns: Int { TernaryMatrix.padded(shape.columns, to: CT_SPREAD_COLUMNS) }

    // MARK: Int8

    func normQuantize(tokens: Int) -> CPUCase {
        let panels = CPUPanels(tokens: tokens, width: columns)
        let quantise = quantising(tokens: tokens, into: panels)
        return CPUCase(
            op: .normQuantize, tokens: tokens, columns: columns, rows: nil, cost: quantisationCost(tokens),
            run: { _ in quantise() },
            firstWrongRow: { [quantized, columns] in
                (0..<tokens).first { token in
                    let (row, expected) = (panels.rows.base[token], quantized[token % quantized.count])
                    return panels.codes(token, width: columns) != expected.codes
                        || row.step.bitPattern != expected.step.bitPattern || row.sum != Self.sum(expected)
                }
            })
    }

    /// Without quantisation.
    func ternaryMatmul(tokens: Int) -> CPUCase? {
        let panels = CPUPanels(tokens: tokens, width: columns)
        panels.set((0..<tokens).map { quantized[$0 % quantized.count].codes })
        for token in 0..<tokens {
            let row = quantized[token % quantized.count]
            panels.rows.base[token] = ct_row(step: row.step, sum: Self.sum(row))
        }
        return product(.ternaryMatmul, of: panels, before: {}, cost: productCost(tokens))
    }

    /// Quantisation and product, as they follow each other in a model.
    func bitlinear(tokens: Int) -> CPUCase? {
        let panels = CPUPanels(tokens: tokens, width: columns)
        return product(
            .bitlinearSplit, of: panels, before: quantising(tokens: tokens, into: panels),
            cost: quantisationCost(tokens) + productCost(tokens))
    }

    private func quantisationCost(_ tokens: Int) -> KernelCost {
        NormQuantize(
            tokens: tokens, columns: columns, norms: 1, plane: tokens, norm: RowNorm(outerEpsilon: KernelValues.epsilon)
        ).cost
    }

    private func productCost(_ tokens: Int) -> KernelCost {
        TernaryMatmul(
            tokens: tokens, rows: shape.rows, columns: columns, yStride: shape.rows, terms: .matrix(scale: RotatedMatrix.scale)
        ).cost
    }

    private static func sum(_ row: QuantizedRow) -> Int32 { row.codes.reduce(0) { $0 + Int32($1) } }

    private func quantising(tokens: Int, into panels: CPUPanels) -> () -> Void {
        let rows = Self.repeated(x, tokens: tokens)
        let (outer, combined) = (Pad(norm.outer!), Pad(norm.combined))
        let weighted = (0..<workers.threads).map { _ in Pad<Float>(paddedColumns) }
        return { [self] in
            forPanels(tokens) { range, thread in
                for token in range {
                    let row = rows.base + token * columns
                    let inverse = kernels.root_inverse(
                        row, nil, outer.base, columns, KernelValues.epsilon, MatMulFreeConfiguration.bitLinearEpsilon)
                    panels.rows.base[token] = kernels.quantize(
                        row, combined.base, columns, inverse, weighted[thread].base, panels.start(of: token),
                        token - range.lowerBound, range.count)
                }
            }
        }
    }

    private func product(_ op: KernelOp, of panels: CPUPanels, before: @escaping () -> Void, cost: KernelCost) -> CPUCase? {
        guard let weights = ternaryWeights() else { return nil }
        let (tokens, rowCount, kernels) = (panels.tokens, shape.rows, kernels)
        let groups = TernaryMatrix.padded(columns, to: 16) / 16
        let y = Pad<Float>(tokens * rowCount)
        let sums = (0..<workers.threads).map { _ in Pad<Int32>(CPUPanels.sumsOfChunk) }
        return CPUCase(
            op: op, tokens: tokens, columns: columns, rows: rowCount, cost: cost, isFromMemory: true, sets: weights.copies.count,
            run: { [self] set in
                before()
                let words = weights.copies[set].assumingMemoryBound(to: UInt32.self)
                forRows(rowCount) { rows, thread in
                    let sums = sums[thread].base
                    for panel in Self.panels(tokens) {
                        kernels.multiply(
                            words, groups, rows.lowerBound / 4, (rows.count + 3) / 4, panels.start(of: panel.lowerBound),
                            panel.count, sums)
                        for token in panel {
                            let row = panels.rows.base[token]
                            let product = ct_product(
                                sums: sums + (token - panel.lowerBound) * CT_CHUNK_ROWS, offset: row.sum,
                                scale: Exact.settle(row.step * RotatedMatrix.scale))
                            kernels.scale(product, y.base + token * rowCount + rows.lowerBound, rows.count)
                        }
                    }
                }
            },
            firstWrongRow: { [self] in
                let expected = quantized.map { TernaryReference.ternaryMatmul($0, weights.compared) }
                return Self.firstWrongRow(y, width: rowCount, tokens: tokens, expected, places: comparedRows)
            })
    }

    /// Copies of the shape's matrix of random trits, and the rows of it that are compared.
    private func ternaryWeights() -> (copies: RotatedBytes, compared: TernaryMatrix)? {
        if let known = keptWeights { return known }
        let byteCount = TernaryMatrix.byteCount(rows: shape.rows, columns: columns)
        guard RotatedBytes.total(byteCount) != nil else { return nil }
        let matrix = TernaryMatrix.random(rows: shape.rows, columns: columns, seed: 1)
        let copies = matrix.words.withUnsafeBufferPointer { words in
            RotatedBytes(byteCount: byteCount, workers) { $0.copyMemory(from: words.baseAddress!, byteCount: byteCount) }
        }
        guard let copies else { return nil }
        let each = matrix.paddedColumns / 4
        let compared = TernaryMatrix(rows: comparedRows.count, columns: columns, scale: RotatedMatrix.scale) { words in
            matrix.words.withUnsafeBufferPointer { all in
                for (index, group) in comparedGroups.enumerated() {
                    (words.baseAddress! + index * each).update(from: all.baseAddress! + group * each, count: each)
                }
            }
        }
        keptWeights = (copies, compared)
        return keptWeights
    }

    // MARK: Floats

    /// Ternary weights times floats, as transformers have them that do not quantise activations.
    func ternaryFloats(tokens: Int) -> CPUCase? {
        guard let weights = ternaryWeights() else { return nil }
        let (kernels, rowCount, columnCount) = (floatKernels, shape.rows, columns)
        let cost = KernelCost(
            read: (rowCount * columns + 3) / 4 + 4 * tokens * columns, written: 4 * tokens * rowCount,
            floatOperations: 2 * tokens * rowCount * columns)
        return floatProduct(
            .ternaryMatmulFloats, tokens: tokens, cost: cost, copies: weights.copies, .ternary(weights.compared, nil)
        ) { copy, rows, x, count, out in
            let matrix = ct_ternary(
                words: copy.assumingMemoryBound(to: UInt32.self), scales: nil, rows: rowCount, columns: columnCount,
                group_columns: 0, scale: RotatedMatrix.scale)
            kernels.multiply_ternary(matrix, rows.lowerBound, rows.count, x, count, out, CT_CHUNK_ROWS)
        }
    }

    /// Dense weights; nil where they are bytes and the columns are no whole groups.
    func dense(_ op: KernelOp, _ element: DenseMatrix.Element, tokens: Int) -> CPUCase? {
        guard let weights = denseWeights(element) else { return nil }
        let (kernels, columnCount) = (floatKernels, columns)
        let cost = KernelCost(
            read: weights.byteCount + 4 * tokens * columns, written: 4 * tokens * shape.rows,
            floatOperations: 2 * tokens * shape.rows * columns)
        let scalesAt = element == .scaledInt8 ? TernaryMatrix.padded(shape.rows * columns, to: 64) : nil
        return floatProduct(op, tokens: tokens, cost: cost, copies: weights.copies, .dense(weights.compared)) {
            copy, rows, x, count, out in
            let matrix = ct_dense(
                weights: copy.assumingMemoryBound(to: UInt8.self),
                scales: scalesAt.map { UnsafePointer((copy + $0).assumingMemoryBound(to: Float.self)) }, columns: columnCount,
                group_columns: scalesAt == nil ? 0 : DenseValues.groupColumns, element: element.rawValue)
            kernels.multiply_dense(matrix, rows.lowerBound, rows.count, x, count, out, CT_CHUNK_ROWS)
        }
    }

    private func denseWeights(
        _ element: DenseMatrix.Element
    ) -> (copies: RotatedBytes, compared: DenseMatrix, byteCount: Int)? {
        if let known = keptDense, known.element == element { return (known.copies, known.compared, known.byteCount) }
        keptDense = nil
        guard element != .scaledInt8 || columns.isMultiple(of: DenseValues.groupColumns) else { return nil }
        let values = DenseValues(element)
        let (weights, scales) = (
            shape.rows * columns, element == .scaledInt8 ? shape.rows * columns / DenseValues.groupColumns : 0
        )
        let scalesAt = TernaryMatrix.padded(weights * element.byteCount, to: 64)
        let copies = RotatedBytes(byteCount: scalesAt + 4 * scales, workers) { place in
            values.write(0..<weights, to: place)
            values.writeScales(0..<scales, to: place + scalesAt)
        }
        guard let copies else { return nil }
        let compared = values.matrix(rows: comparedRows, columns: columns)
        let byteCount = weights * element.byteCount + 4 * scales
        keptDense = (element, copies, compared, byteCount)
        return (copies, compared, byteCount)
    }

    /// - Parameter multiply: a copy of the weights, rows of it, and so many tokens' spread rows; into `(tokens, CT_CHUNK_ROWS)`.
    private func floatProduct(
        _ op: KernelOp, tokens: Int, cost: KernelCost, copies: RotatedBytes, _ compared: LinearMatrix,
        multiply:
            @escaping (
                UnsafeMutableRawPointer, Range<Int>, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>
            ) -> Void
    ) -> CPUCase {
        let rowCount = shape.rows
        let spread = Pad<Float>(tokens * paddedColumns)
        for token in 0..<tokens { floatKernels.spread(x[token % x.count], columns, spread.base + token * paddedColumns) }
        let y = Pad<Float>(tokens * rowCount)
        let products = (0..<workers.threads).map { _ in Pad<Float>(CPUPanels.sumsOfChunk) }
        return CPUCase(
            op: op, tokens: tokens, columns: columns, rows: rowCount, cost: cost, isFromMemory: true, sets: copies.count,
            run: { [self, paddedColumns] set in
                let copy = copies[set]
                forRows(rowCount) { rows, thread in
                    let out = products[thread].base
                    for panel in Self.panels(tokens) {
                        multiply(copy, rows, spread.base + panel.lowerBound * paddedColumns, panel.count, out)
                        for token in panel {
                            (y.base + token * rowCount + rows.lowerBound).update(
                                from: out + (token - panel.lowerBound) * CT_CHUNK_ROWS, count: rows.count)
                        }
                    }
                }
            },
            firstWrongRow: { [self] in
                let expected = x.map { TernaryReference.denseMatmul($0, compared) }
                return Self.firstWrongRow(y, width: rowCount, tokens: tokens, expected, places: comparedRows)
            })
    }
}

/// Weights of a dense matrix: a list of them, over and over.
struct DenseValues {
    /// Columns that share a scale.
    static let groupColumns = 32
    /// No divisor of any row's width, so that rows differ.
    private static let period = 65_537

    private let element: DenseMatrix.Element
    private let bytes: [UInt8]
    private let scales: [Float]

    init(_ element: DenseMatrix.Element) {
        self.element = element
        var random = SplitMix64(seed: 7)
        let values = (0..<Self.period).map { _ in Float(random.unit() - 0.5) }
        switch element {
        case .float32: bytes = values.withUnsafeBytes { Array($0) }
        case .float16:
            // Whole 2048ths: a half has them all, and none is subnormal.
            bytes = values.map { HalfFloat.exactBits(($0 * 2048).rounded() / 2048)! }.withUnsafeBytes { Array($0) }
        case .bfloat16: bytes = values.map { UInt16($0.bitPattern >> 16) }.withUnsafeBytes { Array($0) }
        case .scaledInt8: bytes = values.map { UInt8(bitPattern: Int8(($0 * 254).rounded())) }
        }
        scales = element == .scaledInt8 ? (0..<Self.period).map { _ in Float(0.001 + 0.01 * random.unit()) } : []
    }

    /// Writes the weights of a range of places in the matrix.
    func write(_ range: Range<Int>, to place: UnsafeMutableRawPointer) { Self.write(bytes, element.byteCount, range, to: place) }

    /// The same of scales.
    func writeScales(_ range: Range<Int>, to place: UnsafeMutableRawPointer) {
        scales.withUnsafeBytes { Self.write(Array($0), 4, range, to: place) }
    }

    private static func write(_ list: [UInt8], _ each: Int, _ range: Range<Int>, to place: UnsafeMutableRawPointer) {
        list.withUnsafeBytes { list in
            var at = range.lowerBound
            while at < range.upperBound {
                let first = at % period
                let count = min(period - first, range.upperBound - at)
                (place + (at - range.lowerBound) * each).copyMemory(
                    from: list.baseAddress! + first * each, byteCount: count * each)
                at += count
            }
        }
    }

    /// Some rows of the matrix.
    func matrix(rows: [Int], columns: Int) -> DenseMatrix {
        func gathered(_ each: Int, _ perRow: Int, _ write: (Range<Int>, UnsafeMutableRawPointer) -> Void) -> [UInt8] {
            [UInt8](unsafeUninitializedCapacity: rows.count * perRow * each) { buffer, count in
                for (index, row) in rows.enumerated() {
                    write(row * perRow..<(row + 1) * perRow, UnsafeMutableRawPointer(buffer.baseAddress! + index * perRow * each))
                }
                count = rows.count * perRow * each
            }
        }
        let bytes = gathered(element.byteCount, columns, write)
        guard element == .scaledInt8 else {
            return DenseMatrix(rows: rows.count, columns: columns, element: element, bytes: bytes)
        }
        let scales = gathered(4, columns / Self.groupColumns, writeScales).withUnsafeBytes {
            Array($0.bindMemory(to: Float.self))
        }
        return DenseMatrix(
            rows: rows.count, columns: columns, groupColumns: Self.groupColumns, codes: bytes.map { Int8(bitPattern: $0) },
            scales: scales)
    }
}
