import TernaryCore
import VulkanCompute

/// A model made ready on one device: takes tokens, gives logits, keeps the recurrent state.
///
/// Every engine gives the same bits for the same model and tokens, whether they come one by one or all at once.
public protocol Engine: AnyObject {
    /// What runs the model, in words for a person: "NVIDIA H200", "CPU (2 threads, AVX-512 VNNI)".
    var deviceName: String { get }
    /// The model's shape.
    var configuration: MatMulFreeConfiguration { get }
    /// Bytes that the model takes on its device and on the host.
    var memory: MemoryUse { get }
    /// The most that it has been at a time.
    var peakMemory: MemoryUse { get }

    /// Seconds that passes have taken so far by the device's own clock; nil where the device is the host.
    var deviceSeconds: Double? { get }

    /// Takes tokens after those taken before and advances the state.
    ///
    /// - Parameters:
    ///   - tokens: not empty, each below the vocabulary's size.
    ///   - logits: of which of these tokens logits are wanted.
    /// - Returns: `(rows wanted, V)`, row-major; the logits of the token that follows each.
    /// - Throws: `VulkanError` where a device fails.
    func forward(_ tokens: [Int], logits: LogitRows) throws -> [Float]

    /// The same, and shows the values of every stage on the way, for comparison with another engine; slow.
    func forward(_ tokens: [Int], observe: (Observation) -> Void) throws

    /// The recurrent state, `(L, D)`: all there is to remember of the tokens so far.
    func readState() throws -> [[Float]]

    /// Bytes per second that the device's memory can be read at, measured now: the ceiling of decoding. nil where it means nothing.
    func measureReadBandwidth() throws -> Double?

    /// Forgets all tokens.
    func reset() throws
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
}
