import CTernary
import TernaryCore
import TernaryReference
import Testing

@testable import TernaryCPU

/// Each set of kernels against the reference, op by op.
@Suite("cpu kernels")
struct KernelTests {
    /// Widths and row counts that end within a lane, a tile, a register and a chunk.
    static let widths = [1, 3, 4, 15, 16, 17, 31, 33, 48, 63, 64, 65, 100, 127, 129, 255, 257, 300, 1023, 1025, 1030, 2049]

    /// The products of `codes` and a matrix, by a set of kernels.
    static func products(_ kernels: ct_kernels, _ codes: [[Int8]], _ matrix: TernaryMatrix) -> [[Int32]] {
        let padded = TernaryMatrix.padded(matrix.columns, to: 64)
        var panel = [Int8](repeating: 0, count: padded * QuantizedBlock.panelTokens)
        for (token, row) in codes.enumerated() {
            for (column, code) in row.enumerated() {
                let interleaved = (column / 4 * QuantizedBlock.panelTokens + token) * 4 + column % 4
                panel[codes.count == 1 ? column : interleaved] = code
            }
        }
        var out = [[Int32]](repeating: [], count: codes.count)
        var sums = [Int32](repeating: -1, count: MatMulFreeCPU.sumsPerMatrix)
        for first in stride(from: 0, to: matrix.rows, by: CT_CHUNK_ROWS) {
            let rows = min(CT_CHUNK_ROWS, matrix.rows - first)
            kernels.multiply(
                matrix.words.baseAddress, matrix.paddedColumns / 16, first / 4, (rows + 3) / 4, panel, codes.count, &sums)
            for (token, row) in codes.enumerated() {
                let sum = row.reduce(0) { $0 + Int32($1) }
                out[token] += sums[token * CT_CHUNK_ROWS..<token * CT_CHUNK_ROWS + rows].map { $0 - sum }
            }
        }
        return out
    }

    @Test("the ternary product of one token and of many", arguments: CPUVariant.tested)
    func multiply(variant: CPUVariant) {
        let kernels = variant.kernels!.pointee
        var generator = SeededGenerator(1)
        for (columns, rows) in zip(Self.widths, Self.widths.reversed().map { min($0, 300) }) {
            let matrix = generator.matrix(rows: rows, columns: columns)
            let all = (0..<16).map { _ in (0..<columns).map { _ in Int8.random(in: -127...127, using: &generator) } }
            let expected = all.map { integerProduct($0, matrix) }
            for tokens in [1, 2, 3, 4, 5, 8, 9, 13, 16] {
                let actual = Self.products(kernels, Array(all.prefix(tokens)), matrix)
                #expect(actual == Array(expected.prefix(tokens)), "\(rows) x \(columns), \(tokens) tokens")
            }
        }
    }

    @Test("sums at the ends of their range do not overflow", arguments: CPUVariant.tested)
    func extremes(variant: CPUVariant) {
        let kernels = variant.kernels!.pointee
        let columns = 20_000
        let matrix = TernaryMatrix(
            rows: 4, columns: columns, scale: 1,
            // A code of 3, the value 2, is legal in some formats.
            trits: [1, -1, 2, -1].flatMap { Array(repeating: Int8($0), count: columns) })
        for code in [Int8(127), -127] {
            for tokens in [1, 5] {
                let rows = Array(repeating: Array(repeating: code, count: columns), count: tokens)
                let expected = [1, -1, 2, -1].map { Int32($0) * Int32(code) * Int32(columns) }
                #expect(Self.products(kernels, rows, matrix) == Array(repeating: expected, count: tokens))
            }
        }
    }

    /// Rows that the quantiser finds hard.
    static func rows(_ width: Int, _ generator: inout SeededGenerator) -> [[Float]] {
        var outlier = generator.row(width)
        outlier[width / 2] = 0x1p50
        let tiny = generator.row(width).map { Exact.settle($0 * 0x1p-95) }
        let halves = (0..<width).map { Float($0 % 255) - 127 + 0.5 }
        return [
            generator.row(width), Array(repeating: 0, count: width), outlier, tiny, halves,
            Array(repeating: -0x1p50, count: width), generator.row(width, in: -1e-5...1e-5),
        ]
    }

    @Test("norms and quantisation", arguments: CPUVariant.tested)
    func quantize(variant: CPUVariant) {
        let kernels = variant.kernels!.pointee
        var generator = SeededGenerator(2)
        for width in Self.widths {
            let outer = InputNorm(
                outer: generator.row(width, in: 0.5...1.5), outerEpsilon: 1e-5, inner: generator.row(width, in: -1...1))
            let plain = InputNorm(inner: generator.row(width, in: 0.5...1.5))
            for x in Self.rows(width, &generator) {
                let other = generator.row(width)
                for (norm, statistic) in [(outer, nil), (outer, other), (plain, nil)] as [(InputNorm, [Float]?)] {
                    let normalized = bitLinearNorm(x, statistic: statistic, norm: norm)
                    let expected = TernaryReference.quantize(normalized)
                    let rootInverse = MatMulFreeCPU.withRow(statistic) { statistic in
                        MatMulFreeCPU.withRow(norm.outer) {
                            kernels.root_inverse(x, statistic, $0, width, norm.outerEpsilon, 1e-6)
                        }
                    }
                    #expect(rootInverse.bitPattern == normalized.rootInverse.bitPattern, "width \(width)")
                    let padded = TernaryMatrix.padded(width, to: 64)
                    var weighted = [Float](repeating: 9, count: padded)
                    for (token, tokens) in [(0, 1), (3, 4), (15, 16)] {
                        var panel = [Int8](repeating: 55, count: padded * 16)
                        let row = kernels.quantize(x, norm.combined, width, rootInverse, &weighted, &panel, token, tokens)
                        #expect(row.step.bitPattern == expected.step.bitPattern)
                        #expect(row.sum == expected.codes.reduce(0) { $0 + Int32($1) })
                        let codes = (0..<padded).map { panel[tokens == 1 ? $0 : ($0 / 4 * 16 + token) * 4 + $0 % 4] }
                        #expect(codes == expected.codes + Array(repeating: 0, count: padded - width))
                    }
                }
            }
        }
    }

    @Test("gates, recurrence, GLU, residual and scaling", arguments: CPUVariant.tested)
    func elementwise(variant: CPUVariant) {
        let kernels = variant.kernels!.pointee
        var generator = SeededGenerator(3)
        for count in [1, 7, 15, 16, 33, 64] {
            // From scales that leave every gate open to scales that meet the ends of the settled range.
            for scale in [Float(1e-6), 1e-3, 0.1, 1e10, 0x1p50] {
                let sums = (0..<3).map { _ in (0..<count).map { _ in Int32.random(in: -90_000...90_000, using: &generator) } }
                let values = sums.map { $0.map { Exact.settle(Float($0 - 7) * scale) } }
                let state = generator.row(count)
                let bound = generator.row(count, in: 0...1)
                let x = generator.row(count, in: -1e6...1e6)
                sums[0].withUnsafeBufferPointer { a in
                    sums[1].withUnsafeBufferPointer { b in
                        sums[2].withUnsafeBufferPointer { c in
                            let products = [a, b, c].map { ct_product(sums: $0.baseAddress!, offset: 7, scale: scale) }
                            for lowerBound in [nil, bound] {
                                var (h, g, gated) = (state, state, state)
                                MatMulFreeCPU.withRow(lowerBound) {
                                    kernels.mlgru(products[0], products[1], products[2], $0, &h, &g, &gated, count)
                                }
                                let expected = (0..<count).map { channel in
                                    let gates = mlgruGates(
                                        input: values[0][channel], forget: values[1][channel],
                                        lowerBound: lowerBound?[channel])
                                    return mlgruStep(state[channel], forget: gates.forget, input: gates.input)
                                }
                                #expect(h.bits == expected.bits)
                                #expect(g.bits == values[2].bits)
                                #expect(gated.bits == zip(values[2], expected).map { outputGate($0, state: $1) }.bits)
                            }
                            var out = x
                            kernels.glu(products[0], products[1], &out, count)
                            #expect(out.bits == zip(values[0], values[1]).map { glu(gate: $0, up: $1) }.bits)
                            kernels.scale(products[2], &out, count)
                            #expect(out.bits == values[2].bits)
                            out = x
                            kernels.residual(products[1], &out, count)
                            #expect(out.bits == zip(x, values[1]).map(residual).bits)
                        }
                    }
                }
            }
        }
    }
}
