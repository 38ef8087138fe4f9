import TernaryCore

@testable import TernaryKernels

/// Values for tests, the same for the same seed.
enum Fixture {
    /// Roughly normal values: sums of four uniform ones.
    static func normal(_ count: Int, seed: UInt64, scale: Float = 1) -> [Float] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in
            let sum = random.unit() + random.unit() + random.unit() + random.unit()
            return Exact.settle(Float((sum - 2) * 1.7) * scale)
        }
    }

    /// Norm weights near 1.
    static func norm(_ count: Int, seed: UInt64) -> [Float] { normal(count, seed: seed, scale: 0.2).map { 1 + $0 } }

    /// Trits, two thirds of them not zero.
    static func matrix(rows: Int, columns: Int, seed: UInt64, scale: Float = 0.02) -> TernaryMatrix {
        var random = SplitMix64(seed: seed)
        let trits: [Int8] = (0..<rows * columns).map { _ in Int8(random.next() % 3) - 1 }
        return TernaryMatrix(rows: rows, columns: columns, scale: scale, trits: trits)
    }

    /// A layer of four levels, -1 to +2, with a scale for the whole matrix or scales of rows of all magnitudes, and biases if asked for.
    static func projection(rows: Int, columns: Int, seed: UInt64, terms: RowTerms) -> Projection {
        var random = SplitMix64(seed: seed)
        let trits = (0..<rows * columns).map { _ in Int8(random.next() % 4) - 1 }
        let matrix = TernaryMatrix(rows: rows, columns: columns, scale: terms.matrixScale, trits: trits)
        if case .matrix = terms { return Projection(.ternary(matrix, nil)) }
        let scales = normal(rows, seed: seed + 1).enumerated().map { $0 % 5 == 4 ? 0 : $1 * [1, 1e-3, 1e8, 0.1][$0 % 4] }
        return Projection(
            .ternary(matrix, GroupScales(rows: rows, columns: columns, groupColumns: columns, values: scales)),
            bias: terms == .scalesAndBiases ? normal(rows, seed: seed + 2, scale: 10) : nil)
    }

    /// Up to two norms, whose weights are powers of two.
    static func chain(_ count: Int, width: Int) -> NormChain {
        (0..<count).map { norm in (weight: (0..<width).map { [0.5, 1, 2][($0 + norm) % 3] }, epsilon: [1e-3, 1e-5][norm]) }
    }

    /// A row whose codes all lie half between integers behind these norms, but for its peak; the way that halves go can be seen in it.
    static func ties(width: Int, behind chain: NormChain) -> [Float] {
        let weights = InputNorm(chain: chain)?.combined ?? Array(repeating: 1, count: width)
        return weights.enumerated().map { ($0 == 0 ? 127 : Float($0 * 5 % 252) - 126.5) / $1 }
    }

    /// Rows that trouble an implementation: ordinary ones, zeros, tiny ones, huge ones, one outlier.
    static func rows(_ count: Int, width: Int, seed: UInt64) -> [[Float]] {
        (0..<count).map { row in
            switch row % 6 {
            case 1: Array(repeating: 0, count: width)
            case 2: normal(width, seed: seed &+ UInt64(row), scale: 1e-25)
            case 3: normal(width, seed: seed &+ UInt64(row), scale: 1e14)
            case 4:
                normal(width, seed: seed &+ UInt64(row)).enumerated().map { $0 == width / 2 ? 1e9 : $1 * 1e-3 }
            default: normal(width, seed: seed &+ UInt64(row))
            }
        }
    }
}
