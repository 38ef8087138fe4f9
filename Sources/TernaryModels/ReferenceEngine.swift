import TernaryCore
import TernaryReference
import VulkanCompute

/// The CPU reference as an engine: slow, and right by definition.
public final class ReferenceEngine: Engine {
    public let deviceName = "CPU reference"
    public var deviceSeconds: Double? { nil }
    public var configuration: MatMulFreeConfiguration { model.weights.configuration }
    public var memory: MemoryUse { MemoryUse(device: 0, host: model.weights.byteCount) }
    private var model: MatMulFreeReference

    public init(_ weights: MatMulFreeWeights) { model = MatMulFreeReference(weights) }

    public func forward(_ tokens: [Int], logits: LogitRows) throws -> [Float] {
        var result: [Float] = []
        for (index, token) in tokens.enumerated() {
            let x = model.step(token)
            if logits == .all || (logits == .last && index == tokens.count - 1) { result += model.logits(x) }
        }
        return result
    }

    public func forward(_ tokens: [Int], observe: (Observation) -> Void) throws {
        for (index, token) in tokens.enumerated() {
            let x = model.step(token) { stage, layer, values in
                observe(Observation(stage: stage, layer: layer, token: index, values: values))
            }
            observe(Observation(stage: .logits, layer: 0, token: index, values: model.logits(x)))
        }
    }

    public func readState() throws -> [[Float]] { model.state }

    public func measureReadBandwidth() throws -> Double? { nil }

    public func reset() throws { model = MatMulFreeReference(model.weights) }
}
