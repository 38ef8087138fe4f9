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
    public var configuration: MatMulFreeConfiguration { model.weights.configuration }
    /// All on the host.
    public var memory: MemoryUse { MemoryUse(device: 0, host: model.weights.byteCount) }
    private var model: MatMulFreeReference

    /// A model at the start of a text.
    public init(_ weights: MatMulFreeWeights) { model = MatMulFreeReference(weights) }

    /// One token after the other, by plain loops.
    public func forward(_ tokens: [Int], logits: LogitRows) throws -> [Float] {
        var result: [Float] = []
        for (index, token) in tokens.enumerated() {
            let x = model.step(token)
            if logits == .all || (logits == .last && index == tokens.count - 1) { result += model.logits(x) }
        }
        return result
    }

    /// Token by token, with the values of every stage.
    public func forward(_ tokens: [Int], observe: (Observation) -> Void) throws {
        for (index, token) in tokens.enumerated() {
            let x = model.step(token) { stage, layer, values in
                observe(Observation(stage: stage, layer: layer, token: index, values: values))
            }
            observe(Observation(stage: .logits, layer: 0, token: index, values: model.logits(x)))
        }
    }

    /// The recurrent state, `(L, D)`.
    public func readState() throws -> [[Float]] { model.state }

    /// nil: these loops are bound by arithmetic.
    public func measureReadBandwidth() throws -> Double? { nil }

    /// Forgets all tokens.
    public func reset() throws { model = MatMulFreeReference(model.weights) }
}
