import TernaryCore
import TernaryReference
import VulkanCompute

/// The CPU reference as an engine: slow, and right by definition.
public final class ReferenceEngine: Engine {
    /// What it is.
    public let deviceName = "CPU reference"
    /// nil: the device is the host.
    public var deviceSeconds: Double? { nil }
    /// The model's shape.
    public var modelConfiguration: ModelConfiguration { .matMulFree(start.weights.configuration) }
    /// Blocks and head.
    public var weightBytesPerToken: Int { start.weights.configuration.ternaryByteCount }
    /// Sequences whose states it keeps.
    public var sequenceCount: Int { models.count }
    /// All on the host.
    public var memory: MemoryUse { MemoryUse(device: 0, host: start.weights.byteCount, mapped: start.weights.mappedByteCount) }
    /// What every sequence starts from.
    private let start: MatMulFreeReference
    /// A model for each sequence; they share the weights.
    private var models: [MatMulFreeReference]

    /// A model at the start of one text or several.
    public init(_ weights: MatMulFreeWeights, sequences: Int = 1) {
        precondition(sequences > 0, "an engine holds a sequence at least")
        start = MatMulFreeReference(weights)
        models = Array(repeating: start, count: sequences)
    }

    /// One token after the other, by plain loops.
    public func forward(_ tokens: [Int], sequence: Int, logits: LogitRows) throws -> [Float] {
        check(tokens, sequence: sequence)
        var result: [Float] = []
        for (index, token) in tokens.enumerated() {
            let x = models[sequence].step(token)
            if logits == .all || (logits == .last && index == tokens.count - 1) { result += start.logits(x) }
        }
        return result
    }

    /// Token by token, with the values of every stage.
    public func forward(_ tokens: [Int], observe: (Observation) -> Void) throws {
        for (index, token) in tokens.enumerated() {
            let x = models[0].step(token) { stage, layer, values in
                observe(Observation(stage: stage, layer: layer, token: index, values: values))
            }
            observe(Observation(stage: .logits, layer: 0, token: index, values: start.logits(x)))
        }
    }

    /// One sequence after the other: what a batch means.
    public func step(_ tokens: [Int], of sequences: [Int]) throws -> [Float] {
        check(tokens, of: sequences)
        return try zip(tokens, sequences).flatMap { try forward([$0], sequence: $1, logits: .last) }
    }

    /// The recurrent state, `(L, D)`.
    public func readState(sequence: Int) throws -> [[Float]] { models[sequence].state }

    /// nil: these loops are bound by arithmetic.
    public func measureReadBandwidth() throws -> Double? { nil }

    /// Forgets all tokens.
    public func reset() throws { models = Array(repeating: start, count: models.count) }

    /// Forgets one sequence's tokens.
    public func reset(sequence: Int) throws { models[sequence] = start }
}
