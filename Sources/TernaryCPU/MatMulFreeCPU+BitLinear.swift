import CTernary
import TernaryCore

/// The two halves of a BitLinear on the CPU: quantising the rows of a block of tokens, and multiplying them.
extension MatMulFreeCPU {
    /// Rows of a matrix that are multiplied at a time.
    static let chunkRows = CT_CHUNK_ROWS
    /// Integer sums of a chunk of one matrix for a panel of tokens.
    static let sumsPerMatrix = chunkRows * QuantizedBlock.panelTokens

    /// Normalises and quantises the rows of a block: one panel of tokens is one task.
    ///
    /// - Parameters:
    ///   - x: `(count, width)`.
    ///   - statistic: the rows whose mean square the outer norm takes, where not `x`.
    ///   - norms: of the matrices that `x` is multiplied by; all have the same outer norm.
    func quantize(
        _ x: UnsafeMutablePointer<Float>, statistic: UnsafeMutablePointer<Float>? = nil, count: Int, norms: [InputNorm]
    ) {
        let width = norms[0].width
        let (kernels, quantized, weighted, widest) = (kernels, quantized.map(\.pointers), weighted.base, widest)
        let panelTokens = QuantizedBlock.panelTokens
        pool.run((count + panelTokens - 1) / panelTokens) { panel, thread in
            let tokens = panel * panelTokens..<min((panel + 1) * panelTokens, count)
            for token in tokens {
                let row = x + token * width
                let rootInverse = Self.withRow(norms[0].outer) { outer in
                    kernels.root_inverse(
                        row, statistic.map { $0 + token * width }, outer, width, norms[0].outerEpsilon,
                        MatMulFreeConfiguration.bitLinearEpsilon)
                }
                for (norm, block) in zip(norms, quantized) {
                    block.steps[token] = kernels.quantize(
                        row, norm.combined, width, rootInverse, weighted + thread * widest, block.panel(of: token),
                        token - tokens.lowerBound, tokens.count)
                }
            }
        }
    }

    /// Calls `body` with a row's values, or with nil.
    static func withRow<Result>(_ row: [Float]?, _ body: (UnsafePointer<Float>?) -> Result) -> Result {
        guard let row else { return body(nil) }
        return row.withUnsafeBufferPointer { body($0.baseAddress) }
    }

    /// Moves matrices that are multiplied together to where the threads are that read them.
    func place(_ matrices: [TernaryMatrix]) {
        pool.place(RowChunks(rowCounts: [matrices[0].rows], threads: pool.threads), part: 0, matrices.map(\.memory))
    }

    /// Multiplies the rows of a block by matrices of the same shape, chunk of rows by chunk of rows.
    ///
    /// - Parameters:
    ///   - inputs: for each matrix which of the quantised blocks it is multiplied by.
    ///   - count: tokens of the block to multiply, from the first on.
    ///   - epilogue: is given the products of each matrix for one token and a range of rows; for one range of rows it
    ///     is called in the order of the tokens.
    func multiply(
        _ matrices: [TernaryMatrix], by inputs: [Int], count: Int,
        epilogue: (_ token: Int, _ rows: Range<Int>, _ products: UnsafePointer<ct_product>) -> Void
    ) {
        let rowCount = matrices[0].rows
        let (kernels, allSums) = (kernels, sums.base)
        let chunks = RowChunks(rowCounts: [rowCount], threads: pool.threads)
        let step = chunks.step
        // Pointers only: counting references to what all threads use would have them write to the same few cache lines.
        let factors = zip(matrices, inputs).map { matrix, input in
            Factors(
                words: matrix.words.baseAddress, groups: matrix.paddedColumns / 16, scale: matrix.scale,
                block: quantized[input].pointers)
        }
        factors.withUnsafeBufferPointer { factors in
            pool.run(chunks.count, products: count * matrices.count * rowCount * matrices[0].columns) { chunk, thread in
                let rows = chunk * step..<min((chunk + 1) * step, rowCount)
                let sums = allSums + thread * 3 * Self.sumsPerMatrix
                withUnsafeTemporaryAllocation(of: ct_product.self, capacity: factors.count) { products in
                    for first in stride(from: 0, to: count, by: QuantizedBlock.panelTokens) {
                        let tokens = first..<min(first + QuantizedBlock.panelTokens, count)
                        for (index, factor) in factors.enumerated() {
                            kernels.multiply(
                                factor.words, factor.groups, rows.lowerBound / 4, (rows.count + 3) / 4,
                                factor.block.panel(of: first), tokens.count, sums + index * Self.sumsPerMatrix)
                        }
                        for token in tokens {
                            for (index, factor) in factors.enumerated() {
                                products[index] = factor.block.product(
                                    sums + index * Self.sumsPerMatrix, token: token, scale: factor.scale)
                            }
                            epilogue(token, rows, products.baseAddress!)
                        }
                    }
                }
            }
        }
        // Theirs are the words.
        withExtendedLifetime(matrices) {}
    }
}

/// A matrix and the quantised rows that it is multiplied by.
private struct Factors {
    let words: UnsafePointer<UInt32>
    /// Of 16 columns.
    let groups: Int
    let scale: Float
    let block: QuantizedBlock.Pointers
}
