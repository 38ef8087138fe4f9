import TernaryCore
import Testing

/// A tiny transformer of one kind.
struct TransformerKind: Sendable, CustomTestStringConvertible {
    var name: String
    var hidden = 64, intermediate = 96, layers = 2, heads = 4, keyHeads = 2, size = 16, vocabulary = 53
    var activation = TransformerConfiguration.Activation.silu
    var rotation = RotaryEmbedding(theta: 1e4)
    var quantizes = true
    var subNorms = false, projectionNorms = false, headNorms = false, biases = false, ties = true
    /// Of the projections.
    var matrix = MatrixKind.plain
    /// Of the embedding and the head.
    var table = MatrixKind.dense(.bfloat16)

    /// How a matrix is made.
    enum MatrixKind: Sendable {
        case plain, perRow
        /// Ternary with a scale for so many columns, and codes of 3.
        case groups(Int)
        case dense(DenseMatrix.Element)
        /// Bytes with scales of 16 or 32 columns.
        case bytes(Int)
    }

    var testDescription: String { name }

    /// One of every kind there is, in shapes that fill neither tiles nor registers where that is possible.
    static let all = [
        TransformerKind(name: "BitNet", activation: .squaredReLU, subNorms: true),
        TransformerKind(
            name: "BitNet, odd heads", hidden: 100, intermediate: 131, heads: 3, keyHeads: 1, size: 36, vocabulary: 131,
            activation: .squaredReLU, subNorms: true, ties: false),
        TransformerKind(
            name: "LLaMA, heads of 100", hidden: 200, intermediate: 341, heads: 2, keyHeads: 2, size: 100, ties: false,
            table: .dense(.float16)),
        TransformerKind(name: "heads of 6", hidden: 37, intermediate: 70, heads: 6, keyHeads: 2, size: 6),
        TransformerKind(
            name: "norms everywhere and biases", hidden: 72, size: 24, subNorms: true, projectionNorms: true, headNorms: true,
            biases: true, ties: false, matrix: .perRow, table: .dense(.float32)),
        TransformerKind(
            name: "groups of 64", hidden: 128, intermediate: 192, quantizes: false, headNorms: true, matrix: .groups(64),
            table: .groups(64)),
        TransformerKind(
            name: "groups of 128 and heads of 256", hidden: 256, intermediate: 384, heads: 2, keyHeads: 1, size: 256,
            matrix: .groups(128), table: .groups(128)),
        TransformerKind(
            name: "floats, a scale a matrix", hidden: 84, intermediate: 1100, quantizes: false, projectionNorms: true,
            biases: true,
            table: .dense(.float16)),
        TransformerKind(
            name: "groups that end within a register", hidden: 90, intermediate: 101, quantizes: false, matrix: .groups(20)),
        TransformerKind(name: "floats, a scale a row", hidden: 90, quantizes: false, matrix: .perRow, table: .perRow),
        TransformerKind(name: "dense float16", hidden: 84, intermediate: 150, matrix: .dense(.float16), table: .dense(.float16)),
        TransformerKind(
            name: "dense bfloat16", hidden: 1100, intermediate: 130, layers: 1, biases: true, matrix: .dense(.bfloat16)),
        TransformerKind(name: "dense float32", hidden: 70, quantizes: false, matrix: .dense(.float32), table: .dense(.float32)),
        TransformerKind(
            name: "bytes", hidden: 160, intermediate: 96, heads: 5, keyHeads: 1, size: 32, matrix: .bytes(32), table: .bytes(32)),
        TransformerKind(
            name: "bytes of 16, YaRN", hidden: 80, intermediate: 48, heads: 4, keyHeads: 4, size: 20,
            rotation: RotaryEmbedding(
                theta: 1e4,
                scaling: .yarn(
                    factor: 4, betaFast: 32, betaSlow: 1, attentionFactor: 1.1386, originalContext: 32, truncates: true)),
            ties: false, matrix: .bytes(16), table: .bytes(16)),
    ]

    func weights(seed: UInt64) -> TransformerWeights {
        var random = SeededGenerator(seed)
        let shape = TransformerConfiguration(
            vocabularySize: vocabulary, hiddenSize: hidden, intermediateSize: intermediate, layerCount: layers, headCount: heads,
            keyValueHeadCount: keyHeads, headSize: size, normEpsilon: 1e-5, rotation: rotation, activation: activation,
            quantizesActivations: quantizes, tiesEmbeddings: ties)
        func norm(_ count: Int) -> [Float] { random.row(count, in: 0.5...1.5) }
        let blocks = (0..<layers).map { _ in
            let projections = shape.projectionShapes.map { projection(rows: $0.rows, columns: $0.columns, matrix, &random) }
            return TransformerLayer(
                attentionNorm: norm(hidden), query: projections[0], key: projections[1], value: projections[2],
                queryNorm: headNorms ? norm(size) : nil, keyNorm: headNorms ? norm(size) : nil,
                attentionSubNorm: subNorms ? norm(shape.queryWidth) : nil, output: projections[3], feedForwardNorm: norm(hidden),
                gate: projections[4], up: projections[5],
                feedForwardSubNorm: subNorms && !projectionNorms ? norm(intermediate) : nil,
                down: projections[6])
        }
        let embedding = random.matrix(table, rows: vocabulary, columns: hidden, deviation: 1)
        let head = ties ? nil : projection(rows: vocabulary, columns: hidden, table, &random)
        return TransformerWeights(
            configuration: shape, embedding: embedding, layers: blocks, finalNorm: norm(hidden), head: head)
    }

    private func projection(rows: Int, columns: Int, _ kind: MatrixKind, _ random: inout SeededGenerator) -> Projection {
        let matrix = random.matrix(kind, rows: rows, columns: columns, deviation: 1 / Float(columns).squareRoot())
        return Projection(
            matrix, bias: biases ? random.row(rows, in: -0.5...0.5) : nil,
            norm: projectionNorms ? (weight: random.row(columns, in: 0.5...1.5), epsilon: 1e-6) : nil)
    }
}

extension SeededGenerator {
    mutating func matrix(
        _ kind: TransformerKind.MatrixKind, rows: Int, columns: Int, deviation: Float
    ) -> LinearMatrix {
        switch kind {
        case .plain: return .ternary(matrix(rows: rows, columns: columns, scale: deviation), nil)
        case .perRow:
            let scales = row(rows, in: 0...2 * deviation)
            return .ternary(
                matrix(rows: rows, columns: columns),
                GroupScales(rows: rows, columns: columns, groupColumns: columns, values: scales))
        case .groups(let size):
            let codes = (0..<rows * columns).map { _ in Int8(truncatingIfNeeded: next() % 4) - 1 }
            let groups = (columns + size - 1) / size
            return .ternary(
                TernaryMatrix(rows: rows, columns: columns, scale: 1, trits: codes),
                GroupScales(
                    rows: rows, columns: columns, groupColumns: size, values: row(rows * groups, in: -deviation...deviation)))
        case .dense(let element):
            let bytes = (0..<rows * columns).flatMap { _ -> [UInt8] in
                let value = Float.random(in: -2 * deviation...2 * deviation, using: &self)
                switch element {
                case .float32: return withUnsafeBytes(of: value) { Array($0) }
                case .bfloat16: return withUnsafeBytes(of: UInt16(value.bitPattern >> 16)) { Array($0) }
                default:
                    // Every finite half below 2 * deviation, subnormals too.
                    let half = UInt16(truncatingIfNeeded: next()) & 0x83FF | UInt16(next() % 13) << 10
                    return withUnsafeBytes(of: half) { Array($0) }
                }
            }
            return .dense(DenseMatrix(rows: rows, columns: columns, element: element, bytes: bytes))
        case .bytes(let size):
            let codes = (0..<rows * columns).map { _ in Int8(truncatingIfNeeded: Int(next() % 256) - 128) }
            return .dense(
                DenseMatrix(
                    rows: rows, columns: columns, groupColumns: size, codes: codes,
                    scales: row(rows * columns / size, in: -deviation / 64...deviation / 64)))
        }
    }
}
