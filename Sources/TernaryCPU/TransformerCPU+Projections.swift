import CTernary
import TernaryCore

/// Products of the first and of the second projection of a part.
typealias ProductPair = (first: UnsafeMutablePointer<Float>, second: UnsafeMutablePointer<Float>)

/// The two halves of a projection on the CPU: preparing the rows of a block of tokens, and multiplying them.
extension TransformerCPU {
    /// Norms the rows of a block and quantises or spreads them, for each of a stage's inputs: one panel of tokens is one task.
    ///
    /// - Parameter x: `(count, width)`.
    func prepare(_ stage: ProjectionStage, _ x: UnsafeMutablePointer<Float>, count: Int) {
        let panelTokens = QuantizedBlock.panelTokens
        pool.run((count + panelTokens - 1) / panelTokens) { panel, thread in
            let tokens = panel * panelTokens..<min((panel + 1) * panelTokens, count)
            for token in tokens {
                let row = x + token * stage.width
                for (index, input) in stage.inputs.enumerated() {
                    switch input {
                    case .codes(let norm): quantize(row, norm, width: stage.width, token, of: tokens, index, thread)
                    case .floats(let norms): spread(row, norms, width: stage.width, token, index, thread)
                    }
                }
            }
        }
    }

    private func quantize(
        _ row: UnsafeMutablePointer<Float>, _ norm: InputNorm?, width: Int, _ token: Int, of tokens: Range<Int>, _ index: Int,
        _ thread: Int
    ) {
        var rootInverse: Float = 1
        if let norm {
            rootInverse = MatMulFreeCPU.withRow(norm.outer) { outer in
                kernels.root_inverse(row, nil, outer, width, norm.outerEpsilon, norm.innerEpsilon)
            }
        }
        let block = rows.codes[index]
        block.steps[token] = MatMulFreeCPU.withRow(norm?.combined) { combined in
            floatKernels.quantize(
                row, combined, width, rootInverse, rows.wide.base + thread * rows.widest, block.panel(of: token),
                token - tokens.lowerBound, tokens.count)
        }
    }

    private func spread(
        _ row: UnsafeMutablePointer<Float>, _ norms: NormChain, width: Int, _ token: Int, _ index: Int, _ thread: Int
    ) {
        var from = row
        let normed = rows.wide.base + thread * rows.widest
        for norm in norms {
            floatKernels.rms_norm(from, norm.weight, width, norm.epsilon, normed)
            from = normed
        }
        floatKernels.spread(from, width, rows.floats[index].base + token * TernaryMatrix.padded(width, to: CT_SPREAD_COLUMNS))
    }

    /// Multiplies the prepared rows of a block by a stage's matrices, chunk of rows by chunk of rows.
    ///
    /// - Parameters:
    ///   - parts: projections, of the same number of rows in each part, whose products are wanted together; two at most.
    ///   - epilogue: is given the products, biases added, of a part's one or two projections for one token and a range of rows.
    func multiply(
        _ stage: ProjectionStage, parts: [[Int]], count: Int,
        epilogue: (_ part: Int, _ token: Int, _ rows: Range<Int>, _ products: ProductPair) -> Void
    ) {
        let rowCounts = parts.map { stage.projections[$0[0]].matrix.rows }
        // Fewer rows at a time where there would not be enough chunks to go round.
        let share = rowCounts.reduce(0, +) / (4 * pool.threads)
        let step = min(CT_CHUNK_ROWS, max(16, share & ~15))
        let chunks = rowCounts.map { ($0 + step - 1) / step }
        pool.run(chunks.reduce(0, +)) { index, thread in
            var (part, chunk) = (0, index)
            while chunk >= chunks[part] {
                chunk -= chunks[part]
                part += 1
            }
            let range = chunk * step..<min((chunk + 1) * step, rowCounts[part])
            let products = rows.products.base + thread * 2 * TransformerRows.chunk
            for first in stride(from: 0, to: count, by: QuantizedBlock.panelTokens) {
                let tokens = first..<min(first + QuantizedBlock.panelTokens, count)
                for (place, projection) in parts[part].enumerated() {
                    product(stage, projection, rows: range, tokens, thread, into: products + place * TransformerRows.chunk)
                }
                for token in tokens {
                    let row = products + (token - first) * CT_CHUNK_ROWS
                    epilogue(part, token, range, (row, row + TransformerRows.chunk))
                }
            }
        }
    }

    /// Products of a range of a projection's rows and a panel of tokens, `(tokens, CT_CHUNK_ROWS)`.
    private func product(
        _ stage: ProjectionStage, _ index: Int, rows range: Range<Int>, _ tokens: Range<Int>, _ thread: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        let (projection, input) = (stage.projections[index], stage.inputOf[index])
        switch (projection.matrix, stage.inputs[input]) {
        case (.ternary(let matrix, let scales), .codes):
            codesProduct(matrix, scales, rows.codes[input], rows: range, tokens, thread, into: out)
        case (.ternary(let matrix, let scales), .floats):
            matrix.words.withUnsafeBufferPointer { words in
                MatMulFreeCPU.withRow(scales?.values) { values in
                    let ternary = ct_ternary(
                        words: words.baseAddress!, scales: values, rows: matrix.rows, columns: matrix.columns,
                        group_columns: scales?.columns ?? 0, scale: matrix.scale)
                    floatKernels.multiply_ternary(
                        ternary, range.lowerBound, range.count, spreadRow(stage, input, tokens.lowerBound), tokens.count, out,
                        CT_CHUNK_ROWS)
                }
            }
        case (.dense(let matrix), _):
            matrix.bytes.withUnsafeBufferPointer { bytes in
                MatMulFreeCPU.withRow(matrix.scales) { scales in
                    let dense = ct_dense(
                        weights: bytes.baseAddress!, scales: scales, columns: matrix.columns, group_columns: matrix.groupColumns,
                        element: matrix.element.rawValue)
                    floatKernels.multiply_dense(
                        dense, range.lowerBound, range.count, spreadRow(stage, input, tokens.lowerBound), tokens.count, out,
                        CT_CHUNK_ROWS)
                }
            }
        }
        guard let bias = projection.bias else { return }
        bias.withUnsafeBufferPointer { bias in
            for token in tokens.indices {
                floatKernels.add(
                    bias.baseAddress! + range.lowerBound, out + (token - tokens.lowerBound) * CT_CHUNK_ROWS, range.count)
            }
        }
    }

    private func spreadRow(_ stage: ProjectionStage, _ input: Int, _ token: Int) -> UnsafeMutablePointer<Float> {
        rows.floats[input].base + token * TernaryMatrix.padded(stage.width, to: CT_SPREAD_COLUMNS)
    }

    private func codesProduct(
        _ matrix: TernaryMatrix, _ scales: GroupScales?, _ block: QuantizedBlock, rows range: Range<Int>, _ tokens: Range<Int>,
        _ thread: Int, into out: UnsafeMutablePointer<Float>
    ) {
        let sums = rows.sums.base + thread * TransformerRows.chunk
        kernels.multiply(
            matrix.words.baseAddress, matrix.paddedColumns / 16, range.lowerBound / 4, (range.count + 3) / 4,
            block.panel(of: tokens.lowerBound), tokens.count, sums)
        MatMulFreeCPU.withRow(scales?.values) { values in
            for token in tokens {
                let (row, place) = (block.steps[token], (token - tokens.lowerBound) * CT_CHUNK_ROWS)
                floatKernels.scale(
                    ct_sums(
                        sums: sums + place, row_scales: values.map { $0 + range.lowerBound }, offset: row.sum, step: row.step,
                        scale: matrix.scale), out + place, range.count)
            }
        }
    }
}
