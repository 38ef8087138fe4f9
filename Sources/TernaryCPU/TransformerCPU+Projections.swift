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
        let block = rows.codes[index].pointers
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

    /// Moves a stage's matrices to where the threads are that read them.
    func place(_ stage: ProjectionStage) {
        for (part, places) in stage.parts.enumerated() {
            pool.place(stage.chunks, part: part, places.map { stage.projections[$0].matrix.memory })
        }
    }

    /// Multiplies the prepared rows of a block by a stage's matrices, chunk of rows by chunk of rows.
    ///
    /// - Parameter epilogue: is given the products, biases added, of a part's one or two projections for one token and a range of rows.
    func multiply(
        _ stage: ProjectionStage, count: Int,
        epilogue: (_ part: Int, _ token: Int, _ rows: Range<Int>, _ products: ProductPair) -> Void
    ) {
        let chunks = stage.chunks
        let step = chunks.step
        let productCount = count * stage.width * stage.projections.reduce(0) { $0 + $1.matrix.rows }
        let (allProducts, allSums, kernels, floatKernels) = (rows.products.base, rows.sums.base, kernels, floatKernels)
        stage.withPointers(rows) { projections in
            let parts = zip(stage.parts, chunks.firsts).map { places, first in
                Part(
                    first: projections[places[0]], second: places.count > 1 ? projections[places[1]] : nil,
                    rowCount: stage.projections[places[0]].matrix.rows, firstChunk: first)
            }
            parts.withUnsafeBufferPointer { parts in
                pool.run(chunks.count, products: productCount) { chunk, thread in
                    var number = parts.count - 1
                    while parts[number].firstChunk > chunk { number -= 1 }
                    let part = parts[number]
                    let firstRow = (chunk - part.firstChunk) * step
                    let range = firstRow..<min(firstRow + step, part.rowCount)
                    let products = allProducts + thread * 2 * TransformerRows.chunk
                    let sums = allSums + thread * TransformerRows.chunk
                    for first in stride(from: 0, to: count, by: QuantizedBlock.panelTokens) {
                        let tokens = first..<min(first + QuantizedBlock.panelTokens, count)
                        part.first.multiply(rows: range, tokens, kernels, floatKernels, sums: sums, into: products)
                        part.second?.multiply(
                            rows: range, tokens, kernels, floatKernels, sums: sums, into: products + TransformerRows.chunk)
                        for token in tokens {
                            let row = products + (token - first) * CT_CHUNK_ROWS
                            epilogue(number, token, range, (row, row + TransformerRows.chunk))
                        }
                    }
                }
            }
        }
    }
}

extension LinearMatrix {
    /// Where the weights lie, and the bytes of a row; of ternary ones, a quarter of those of a group of four.
    fileprivate var memory: (start: UnsafeRawPointer, rowBytes: Int) {
        switch self {
        case .ternary(let matrix, _): matrix.memory
        case .dense(let matrix): (UnsafeRawPointer(matrix.bytes.baseAddress), matrix.columns * matrix.element.byteCount)
        }
    }
}

extension TernaryMatrix {
    /// Where the words lie, and a quarter of the bytes of a group of four rows.
    var memory: (start: UnsafeRawPointer, rowBytes: Int) { (UnsafeRawPointer(words.baseAddress), paddedColumns / 4) }
}

/// Projections whose products are wanted together.
private struct Part {
    let first: LinearPointers
    let second: LinearPointers?
    /// Rows of each.
    let rowCount: Int
    /// The first of its chunks of rows, among those of all parts.
    let firstChunk: Int
}

extension LinearPointers {
    /// Products, bias added, of a range of rows and a panel of tokens, `(tokens, CT_CHUNK_ROWS)`.
    ///
    /// - Parameter sums: room for as many integers.
    fileprivate func multiply(
        rows range: Range<Int>, _ tokens: Range<Int>, _ kernels: ct_kernels, _ floatKernels: ct_transformer,
        sums: UnsafeMutablePointer<Int32>, into out: UnsafeMutablePointer<Float>
    ) {
        switch (weights, input) {
        case (.codes(let matrix), .codes(let block)):
            kernels.multiply(
                matrix.words, TernaryMatrix.padded(matrix.columns, to: 16) / 16, range.lowerBound / 4, (range.count + 3) / 4,
                block.panel(of: tokens.lowerBound), tokens.count, sums)
            for token in tokens {
                let (row, place) = (block.steps[token], (token - tokens.lowerBound) * CT_CHUNK_ROWS)
                floatKernels.scale(
                    ct_sums(
                        sums: sums + place, row_scales: matrix.scales.map { $0 + range.lowerBound }, offset: row.sum,
                        step: row.step, scale: matrix.scale), out + place, range.count)
            }
        case (.ternary(let matrix), .floats(let x, let pitch)):
            floatKernels.multiply_ternary(
                matrix, range.lowerBound, range.count, x + tokens.lowerBound * pitch, tokens.count, out, CT_CHUNK_ROWS)
        case (.dense(let matrix), .floats(let x, let pitch)):
            floatKernels.multiply_dense(
                matrix, range.lowerBound, range.count, x + tokens.lowerBound * pitch, tokens.count, out, CT_CHUNK_ROWS)
        case (.codes, .floats), (.ternary, .codes), (.dense, .codes): preconditionFailure("a product of other inputs")
        }
        guard let bias else { return }
        for token in tokens.indices {
            floatKernels.add(bias + range.lowerBound, out + (token - tokens.lowerBound) * CT_CHUNK_ROWS, range.count)
        }
    }
}
