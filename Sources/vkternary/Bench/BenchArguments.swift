import TernaryCore

/// Reads the lists that benchmarks take.
enum BenchArguments {
    /// Most of what makes sense for a benchmark; more would wait for days or fill memory.
    static let counts = 1...1_048_576

    /// Sequences that can be held at a time; more would wait for each other longer than anybody does.
    static let batches = 1...4096

    /// Numbers separated by commas.
    static func counts(_ text: String) throws -> [Int] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let count = Int(part), counts.contains(count) else {
                throw UsageError("it takes numbers from \(counts.lowerBound) to \(counts.upperBound), separated by commas")
            }
            return count
        }
    }

    /// The same, of sequences.
    static func batches(_ text: String) throws -> [Int] {
        let batches = try counts(text)
        guard batches.allSatisfy(Self.batches.contains) else {
            throw UsageError("it takes at most \(Self.batches.upperBound) sequences")
        }
        return batches
    }

    /// The same, or `none`.
    static func countsOrNone(_ text: String) throws -> [Int] { text == "none" ? [] : try counts(text) }

    /// Shapes and names of published models, separated by commas; a name stands for its model's matrices.
    static func shapes(_ text: String) throws -> [MatrixShape] {
        var shapes: [MatrixShape] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            if let preset = MatMulFreeConfiguration.preset(named: part) {
                shapes += MatrixShape.layers(of: preset)
            } else {
                shapes.append(try MatrixShape(part))
            }
        }
        var seen: Set<MatrixShape> = []
        return shapes.filter { seen.insert($0).inserted }
    }
}

/// Columns and rows of a ternary matrix.
struct MatrixShape: Hashable {
    let columns, rows: Int

    /// Most weights: 512 MiB packed, far above any layer.
    private static let mostWeights = 1 << 31

    init(columns: Int, rows: Int) { (self.columns, self.rows) = (columns, rows) }

    /// "2048x11264": columns, then rows.
    init(_ text: String) throws {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let columns = sides[0], let rows = sides[1], columns > 0, rows > 0 else {
            throw UsageError(
                "'\(text)' is no shape; give COLUMNSxROWS, as 2048x11264, or a model, 370m, 1.3b, 2.7b or 13b, separated by commas"
            )
        }
        guard columns <= MatMulFreeConfiguration.widestRow, rows <= Self.mostWeights / columns else {
            throw UsageError(
                "'\(text)' is too large: at most \(MatMulFreeConfiguration.widestRow) columns and \(Self.mostWeights) weights")
        }
        self.init(columns: columns, rows: rows)
    }

    /// The matrices of a block, and the head, as the model multiplies them: the channel mixer's two inputs are one.
    static func layers(of shape: MatMulFreeConfiguration) -> [MatrixShape] {
        [
            MatrixShape(columns: shape.hiddenSize, rows: shape.stateSize),
            MatrixShape(columns: shape.hiddenSize, rows: 2 * shape.intermediateSize),
            MatrixShape(columns: shape.intermediateSize, rows: shape.hiddenSize),
            MatrixShape(columns: shape.hiddenSize, rows: shape.vocabularySize),
        ]
    }
}
