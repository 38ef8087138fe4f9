import TernaryCPU
import TernaryCore
import VulkanCompute

/// The CPU's vector units as an engine.
public final class CPUEngine: Engine {
    public var deviceName: String { "CPU (\(model.threads) \(model.threads == 1 ? "thread" : "threads"), \(model.variant.title))" }
    public var deviceSeconds: Double? { nil }
    public var configuration: MatMulFreeConfiguration { model.weights.configuration }
    public var memory: MemoryUse { MemoryUse(device: 0, host: model.weights.byteCount) }
    private let model: MatMulFreeCPU

    /// - Parameter threads: nil for as many as the process may use.
    public init(_ weights: MatMulFreeWeights, threads: Int? = nil) throws {
        model = try MatMulFreeCPU(weights, threads: threads)
    }

    public func forward(_ tokens: [Int], logits: LogitRows) throws -> [Float] {
        precondition(tokens.allSatisfy { $0 >= 0 && $0 < configuration.vocabularySize }, "a token outside the vocabulary")
        return model.forward(tokens, logits: logits)
    }

    public func forward(_ tokens: [Int], observe: (Observation) -> Void) throws {
        withoutActuallyEscaping(observe) { observe in
            // One at a time: within a block of tokens a stage is computed for all of them before the next.
            for (index, token) in tokens.enumerated() {
                model.observe = { stage, layer, _, values in
                    observe(Observation(stage: stage, layer: layer, token: index, values: values))
                }
                _ = model.forward([token], logits: .last)
            }
            model.observe = nil
        }
    }

    public func readState() throws -> [[Float]] { model.state }

    public func measureReadBandwidth() throws -> Double? { model.measureReadBandwidth() }

    public func reset() throws {
        model.state = Array(repeating: Array(repeating: 0, count: configuration.stateSize), count: configuration.layerCount)
    }
}
