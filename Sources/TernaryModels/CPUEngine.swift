import TernaryCPU
import TernaryCore
import VulkanCompute

/// The CPU's vector units as an engine.
public final class CPUEngine: Engine {
    /// Name, threads and instructions.
    public var deviceName: String {
        "CPU (\(model.threads) \(model.threads == 1 ? "thread" : "threads"), \(model.variant.title))"
    }
    /// nil: the device is the host.
    public var deviceSeconds: Double? { nil }
    /// The model's shape.
    public var configuration: MatMulFreeConfiguration { model.weights.configuration }
    /// All on the host.
    public var memory: MemoryUse { MemoryUse(device: 0, host: model.weights.byteCount) }
    private let model: MatMulFreeCPU

    /// - Parameter threads: nil for as many as the process may use.
    public init(_ weights: MatMulFreeWeights, threads: Int? = nil) throws {
        model = try MatMulFreeCPU(weights, threads: threads)
    }

    /// Blocks of tokens at a time, over all threads.
    public func forward(_ tokens: [Int], logits: LogitRows) throws -> [Float] {
        precondition(tokens.allSatisfy { $0 >= 0 && $0 < configuration.vocabularySize }, "a token outside the vocabulary")
        return model.forward(tokens, logits: logits)
    }

    /// Token by token, with the values of every stage.
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

    /// The recurrent state, `(L, D)`.
    public func readState() throws -> [[Float]] { model.state }

    /// Bytes per second that all threads together read from memory.
    public func measureReadBandwidth() throws -> Double? { model.measureReadBandwidth() }

    /// Forgets all tokens.
    public func reset() throws {
        model.state = Array(repeating: Array(repeating: 0, count: configuration.stateSize), count: configuration.layerCount)
    }
}
