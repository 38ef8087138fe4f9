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

    /// Ops separated by commas, each once, in the order in which they are measured.
    static func ops(_ text: String) throws -> [KernelOp] {
        let named = try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let op = KernelOp(rawValue: String(part)) else {
                let names = KernelOp.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("there is no op '\(part)'; there are \(names)")
            }
            return op
        }
        return KernelOp.allCases.filter(named.contains)
    }

    /// Shapes and names of published models, separated by commas; a name stands for its model's matrices.
    static func shapes(_ text: String) throws -> [MatrixShape] {
        var shapes: [MatrixShape] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            if let preset = MatMulFreeConfiguration.preset(named: part) {
                shapes += MatrixShape.layers(of: preset)
            } else if let preset = TransformerPreset.named(part) {
                shapes += MatrixShape.layers(of: preset.configuration)
            } else {
                shapes.append(try MatrixShape(part))
            }
        }
        return MatrixShape.merged(shapes)
    }
}
