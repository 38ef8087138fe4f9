import TernaryCPU
import TernaryCore

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func row(_ count: Int, in range: ClosedRange<Float> = -2...2) -> [Float] {
        (0..<count).map { _ in Exact.settle(Float.random(in: range, using: &self)) }
    }

    mutating func matrix(rows: Int, columns: Int, scale: Float = 0.05) -> TernaryMatrix {
        let trits = (0..<rows * columns).map { _ in Int8(truncatingIfNeeded: next() % 3) - 1 }
        return TernaryMatrix(rows: rows, columns: columns, scale: scale, trits: trits)
    }

    mutating func bitLinear(rows: Int, columns: Int) -> BitLinearWeights {
        BitLinearWeights(norm: row(columns, in: 0.5...1.5), matrix: matrix(rows: rows, columns: columns))
    }

    mutating func model(
        hidden: Int, state: Int, intermediate: Int, layers: Int, vocabulary: Int, lowerBounds: Bool
    ) -> MatMulFreeWeights {
        let configuration = MatMulFreeConfiguration(
            vocabularySize: vocabulary, hiddenSize: hidden, stateSize: state, intermediateSize: intermediate,
            layerCount: layers, normEpsilon: 1e-5, usesLowerBounds: lowerBounds)
        var bytes: [UInt8] = []
        for value in row(vocabulary * hidden) { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }
        let blocks = (0..<layers).map { index in
            MatMulFreeLayer(
                attentionNorm: row(hidden, in: 0.5...1.5), input: bitLinear(rows: state, columns: hidden),
                forget: bitLinear(rows: state, columns: hidden), gate: bitLinear(rows: state, columns: hidden),
                gateNorm: row(state, in: 0.5...1.5), output: bitLinear(rows: hidden, columns: state),
                mlpNorm: row(hidden, in: 0.5...1.5), gateUpNorm: row(hidden, in: 0.5...1.5),
                mlpGate: matrix(rows: intermediate, columns: hidden), mlpUp: matrix(rows: intermediate, columns: hidden),
                down: bitLinear(rows: hidden, columns: intermediate),
                lowerBound: lowerBounds && index > 0 ? row(state, in: 0...0.9) : nil)
        }
        return MatMulFreeWeights(
            configuration: configuration,
            embedding: EmbeddingTable(rows: vocabulary, columns: hidden, element: .float32, bytes: bytes),
            layers: blocks, finalNorm: row(hidden, in: 0.5...1.5), head: bitLinear(rows: vocabulary, columns: hidden))
    }
}

extension [Float] {
    /// The bits of each value: zeros of either sign and everything else told apart.
    var bits: [UInt32] { map(\.bitPattern) }
}

extension CPUVariant {
    /// The variants that can be tested here; says which ones cannot.
    static let tested: [CPUVariant] = {
        for variant in allCases where !variant.isSupported {
            print("skipping the \(variant.rawValue) kernels: this machine lacks the instructions")
        }
        return supported
    }()
}
