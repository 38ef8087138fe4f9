import TernaryCore

/// What one engine computed for a list of tokens, reduced to hashes; of a batch in which sequences differ there are several.
public struct Trial: Sendable, Equatable {
    /// What ran: device and form.
    public var name: String
    /// Hash of the logits of every token.
    public var logits: String
    /// Hash of the recurrent state after the last token.
    public var state: String

    /// Whether two engines gave the same bits.
    public func agrees(with other: Trial) -> Bool { logits == other.logits && state == other.state }
}

/// How tokens are given to an engine.
public enum Feeding: String, Sendable, CaseIterable {
    case prefill
    case steps = "step by step"
    /// To every sequence of the engine, each some steps behind the one before, so that the rows of a step differ.
    case batch
}

/// The first value in which two engines differ.
public struct Difference: Sendable, Equatable, CustomStringConvertible {
    /// The operation whose result differs.
    public var stage: Stage
    /// The block; 0 for the embedding and the logits.
    public var layer: Int
    /// The token's place among those run.
    public var token: Int
    /// The place in the operation's result.
    public var element: Int
    public var expected, actual: Float

    /// One line with both values and their bits.
    public var description: String {
        "token \(token), layer \(layer), \(stage.rawValue)[\(element)]: expected \(expected) (0x\(hex(expected))),"
            + " found \(actual) (0x\(hex(actual)))"
    }

    private func hex(_ value: Float) -> String { String(value.bitPattern, radix: 16) }
}

/// Holds engines to the promise: the same model and tokens, the same bits.
public enum Verifier {
    /// Runs tokens through an engine from its start.
    public static func run(_ engine: any Engine, tokens: [Int], feeding: Feeding, name: String) throws -> Trial {
        try engine.reset()
        var hash = LogitsHash()
        switch feeding {
        case .batch: return try runBatch(engine, tokens: tokens, name: name)
        case .prefill:
            // Row by row, as the steps give them: the hash starts at its first lane with each call.
            let logits = try engine.forward(tokens, logits: .all)
            let width = engine.configuration.vocabularySize
            for row in tokens.indices { hash.combine(Array(logits[row * width..<(row + 1) * width])) }
        case .steps:
            for token in tokens { hash.combine(try engine.forward([token], logits: .last)) }
        }
        var state = LogitsHash()
        for layer in try engine.readState() { state.combine(layer) }
        return Trial(name: name, logits: "\(hash)", state: "\(state)")
    }

    private static func runBatch(_ engine: any Engine, tokens: [Int], name: String) throws -> Trial {
        let sequences = 0..<engine.sequenceCount
        let width = engine.configuration.vocabularySize
        let delays = min(8, tokens.count)
        var hashes = sequences.map { _ in LogitsHash() }
        for step in 0..<tokens.count + delays - 1 {
            let active = sequences.filter { tokens.indices ~= step - $0 % delays }
            let logits = try engine.step(active.map { tokens[step - $0 % delays] }, of: active)
            for (row, sequence) in active.enumerated() {
                hashes[sequence].combine(Array(logits[row * width..<(row + 1) * width]))
            }
        }
        let states = try sequences.map { sequence in
            var state = LogitsHash()
            for layer in try engine.readState(sequence: sequence) { state.combine(layer) }
            return state
        }
        return Trial(name: name, logits: distinct(hashes), state: distinct(states))
    }

    /// One hash where all agree, else all that there are.
    private static func distinct(_ hashes: [LogitsHash]) -> String { Set(hashes.map { "\($0)" }).sorted().joined(separator: "/") }

    /// Looks for the first value that differs, in the order of computation; nil where all agree.
    public static func firstDifference(
        expected: any Engine, actual: any Engine, tokens: [Int]
    ) throws -> Difference? {
        try expected.reset()
        try actual.reset()
        for (index, token) in tokens.enumerated() {
            var values: [(Stage, Int, [Float])] = []
            try expected.forward([token]) { values.append(($0.stage, $0.layer, $0.values)) }
            var found: Difference?
            var position = 0
            try actual.forward([token]) { observation in
                guard found == nil, position < values.count else { return }
                let (stage, layer, wanted) = values[position]
                position += 1
                precondition(stage == observation.stage && layer == observation.layer, "engines observe different stages")
                for element in wanted.indices where wanted[element].bitPattern != observation.values[element].bitPattern {
                    found = Difference(
                        stage: stage, layer: layer, token: index, element: element, expected: wanted[element],
                        actual: observation.values[element])
                    return
                }
            }
            if let found { return found }
        }
        return nil
    }
}
