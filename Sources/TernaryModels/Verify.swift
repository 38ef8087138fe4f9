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
            // Where all logits are wanted, passes are short. What prompts go through is one pass as long as it may be, for the last
            // logits: those and the state are taken from it.
            let last = try engine.forward(tokens, logits: .last)
            let state = hashedState(try engine.readState())
            try engine.reset()
            let logits = try engine.forward(tokens.dropLast(), logits: .all)
            let width = engine.modelConfiguration.vocabularySize
            // Row by row, as the steps give them: the hash starts at its first lane with each call.
            for row in tokens.indices.dropLast() { hash.combine(Array(logits[row * width..<(row + 1) * width])) }
            hash.combine(last)
            return Trial(name: name, logits: "\(hash)", state: state)
        case .steps:
            for token in tokens { hash.combine(try engine.forward([token], logits: .last)) }
        }
        return Trial(name: name, logits: "\(hash)", state: hashedState(try engine.readState()))
    }

    private static func hashedState(_ layers: [[Float]]) -> String {
        var hash = LogitsHash()
        for layer in layers { hash.combine(layer) }
        return "\(hash)"
    }

    private static func runBatch(_ engine: any Engine, tokens: [Int], name: String) throws -> Trial {
        let sequences = 0..<engine.sequenceCount
        let width = engine.modelConfiguration.vocabularySize
        let delays = min(8, tokens.count)
        var hashes = sequences.map { _ in LogitsHash() }
        for step in 0..<tokens.count + delays - 1 {
            let active = sequences.filter { tokens.indices ~= step - $0 % delays }
            let logits = try engine.step(active.map { tokens[step - $0 % delays] }, of: active)
            for (row, sequence) in active.enumerated() {
                hashes[sequence].combine(Array(logits[row * width..<(row + 1) * width]))
            }
        }
        let states = try sequences.map { hashedState(try engine.readState(sequence: $0)) }
        return Trial(name: name, logits: distinct(hashes.map { "\($0)" }), state: distinct(states))
    }

    /// One hash where all agree, else all that there are.
    private static func distinct(_ hashes: [String]) -> String { Set(hashes).sorted().joined(separator: "/") }

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
