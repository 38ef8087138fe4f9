import TernaryCore
import VulkanCompute

/// A model made ready on one device: takes tokens, gives logits, keeps the recurrent state of one or more sequences.
///
/// Every engine gives the same bits for the same model and tokens, whether they come one by one or all at once, and whatever other
/// sequences are taken in beside them.
public protocol Engine: AnyObject {
    /// What runs the model, in words for a person: "NVIDIA H200", "CPU (2 threads, AVX-512 VNNI)".
    var deviceName: String { get }
    /// The model's shape.
    var modelConfiguration: ModelConfiguration { get }
    /// Bytes of packed weights that a decode step reads.
    var weightBytesPerToken: Int { get }
    /// Sequences whose states it keeps, numbered from 0.
    var sequenceCount: Int { get }
    /// Bytes that the model takes on its device and on the host.
    var memory: MemoryUse { get }
    /// The most that it has been at a time.
    var peakMemory: MemoryUse { get }

    /// The sizes of the buffers that it has made on its device; nil where that is the host.
    var deviceMemory: MemoryEstimate? { get }
    /// The form in which ternary products run, for a person; nil where there is but one.
    var formDescription: String? { get }
    /// How decode steps run, for a person; nil where there is but one way.
    var decodeDescription: String? { get }

    /// Seconds that passes have taken so far by the device's own clock; nil where the device is the host.
    var deviceSeconds: Double? { get }

    /// Takes tokens of one sequence after those taken before and advances its state.
    ///
    /// - Parameters:
    ///   - tokens: not empty, each below the vocabulary's size.
    ///   - sequence: below `sequenceCount`.
    ///   - logits: of which of these tokens logits are wanted.
    /// - Returns: `(rows wanted, V)`, row-major; the logits of the token that follows each.
    /// - Throws: `VulkanError` where a device fails.
    func forward(_ tokens: [Int], sequence: Int, logits: LogitRows) throws -> [Float]

    /// The same for sequence 0, and shows the values of every stage on the way, for comparison with another engine; slow.
    func forward(_ tokens: [Int], observe: (Observation) -> Void) throws

    /// Takes one token for each of several sequences: the weights are read once for all of them.
    ///
    /// - Parameters:
    ///   - tokens: each below the vocabulary's size.
    ///   - sequences: whose each token is; in any order, none of them twice.
    /// - Returns: `(sequences given, V)`, row-major; the logits of the token that follows each.
    /// - Throws: `VulkanError` where a device fails.
    func step(_ tokens: [Int], of sequences: [Int]) throws -> [Float]

    /// Takes one token for each of several sequences, and then the likeliest after it, and so on; where it can, without the host.
    ///
    /// - Parameters:
    ///   - count: tokens of each sequence that are taken, the given one among them.
    ///   - tokens: each below the vocabulary's size.
    ///   - sequences: whose each token is; in any order, none of them twice.
    /// - Returns: `(count, sequences given)`: the likeliest after each token taken, the lowest id among equals. The last row has not
    ///   been taken.
    /// - Throws: `VulkanError` where a device fails.
    func greedySteps(_ count: Int, from tokens: [Int], of sequences: [Int]) throws -> [[Int]]

    /// Tokens that a sequence can still take; nil where there is no limit.
    func room(sequence: Int) -> Int?

    /// All that is remembered of a sequence's tokens so far, a row a block: the recurrent state, `(L, D)`; of a transformer all keys
    /// and then all values, `(L, 2 * tokens * G * d)`.
    func readState(sequence: Int) throws -> [[Float]]

    /// Bytes per second that the device's memory can be read at, measured now: the ceiling of decoding. nil where it means nothing.
    func measureReadBandwidth() throws -> Double?

    /// Forgets all tokens of all sequences.
    func reset() throws

    /// Forgets all tokens of one sequence.
    func reset(sequence: Int) throws
}

/// The values of one stage of one token's pass.
public struct Observation: Sendable {
    /// What was computed.
    public var stage: Stage
    /// The block; 0 for the embedding and the logits.
    public var layer: Int
    /// The token's place among those given.
    public var token: Int
    /// All elements, in order.
    public var values: [Float]

    /// Values as an engine shows them.
    public init(stage: Stage, layer: Int, token: Int, values: [Float]) {
        self.stage = stage
        self.layer = layer
        self.token = token
        self.values = values
    }
}

extension Engine {
    /// Where nothing is given back, what is taken.
    public var peakMemory: MemoryUse { memory }

    /// The host has no buffers of its own.
    public var deviceMemory: MemoryEstimate? { nil }
    /// One form.
    public var formDescription: String? { nil }
    /// One way.
    public var decodeDescription: String? { nil }

    /// A recurrent state has room for any text.
    public func room(sequence: Int) -> Int? { nil }

    /// Tokens of the first sequence: the only one of most engines.
    public func forward(_ tokens: [Int], logits: LogitRows) throws -> [Float] {
        try forward(tokens, sequence: 0, logits: logits)
    }

    /// The recurrent state of the first sequence, `(L, D)`.
    public func readState() throws -> [[Float]] { try readState(sequence: 0) }

    /// By steps whose logits the host looks at.
    public func greedySteps(_ count: Int, from tokens: [Int], of sequences: [Int]) throws -> [[Int]] {
        let width = modelConfiguration.vocabularySize
        var (next, drawn) = (tokens, [[Int]]())
        for _ in 0..<count {
            let logits = try step(next, of: sequences)
            next = next.indices.map { row in Sampler.greedy(Array(logits[row * width..<(row + 1) * width])) }
            drawn.append(next)
        }
        return drawn
    }

    /// Stops the program where tokens of a sequence are not what an engine takes.
    func check(_ tokens: [Int], sequence: Int) {
        precondition(tokens.allSatisfy { $0 >= 0 && $0 < modelConfiguration.vocabularySize }, "a token outside the vocabulary")
        precondition(0..<sequenceCount ~= sequence, "sequence \(sequence) of \(sequenceCount)")
        precondition(tokens.count <= room(sequence: sequence) ?? tokens.count, "more tokens than the context holds")
    }

    /// Stops the program where a step's tokens are not one for each of several sequences.
    func check(_ tokens: [Int], of sequences: [Int]) {
        precondition(tokens.count == sequences.count, "\(tokens.count) tokens for \(sequences.count) sequences")
        precondition(Set(sequences).count == sequences.count, "a sequence takes one token a step")
        for (token, sequence) in zip(tokens, sequences) { check([token], sequence: sequence) }
    }
}
