import TernaryCPU
import TernaryCore
import VulkanCompute

/// The CPU's vector units as an engine.
public final class CPUEngine: Engine {
    /// Name, threads and instructions.
    public var deviceName: String { CPUFeatures.deviceName(threads: model.threads, model.variant) }
    /// nil: the device is the host.
    public var deviceSeconds: Double? { nil }
    /// The model's shape.
    public var modelConfiguration: ModelConfiguration { .matMulFree(model.weights.configuration) }
    /// Blocks and head.
    public var weightBytesPerToken: Int { model.weights.configuration.ternaryByteCount }
    /// Sequences whose states it keeps.
    public var sequenceCount: Int { model.sequenceCount }
    /// All on the host.
    public var memory: MemoryUse { MemoryUse(device: 0, host: model.weights.byteCount, mapped: model.weights.mappedByteCount) }
    private let model: MatMulFreeCPU

    /// - Parameters:
    ///   - threads: nil for as many as the process may use.
    ///   - variant: the kernels; nil for those that `VKTERNARY_CPU` names, else the best that the machine can run.
    ///   - sequences: whose states it keeps.
    public init(
        _ weights: MatMulFreeWeights, threads: Int? = nil, variant: CPUVariant? = nil, sequences: Int = 1
    ) throws {
        model = try MatMulFreeCPU(weights, threads: threads, variant: variant, sequences: sequences)
    }

    /// Blocks of tokens at a time, over all threads.
    public func forward(_ tokens: [Int], sequence: Int, logits: LogitRows) throws -> [Float] {
        check(tokens, sequence: sequence)
        return model.forward(tokens, sequence: sequence, logits: logits)
    }

    /// Blocks of sequences at a time, as a prompt's tokens are.
    public func step(_ tokens: [Int], of sequences: [Int]) throws -> [Float] {
        check(tokens, of: sequences)
        return model.step(tokens, of: sequences)
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
    public func readState(sequence: Int) throws -> [[Float]] { model.state(of: sequence) }

    /// Bytes per second that all threads together read from memory.
    public func measureReadBandwidth() throws -> Double? { model.measureReadBandwidth() }

    /// Forgets all tokens.
    public func reset() throws {
        for sequence in 0..<sequenceCount { try reset(sequence: sequence) }
    }

    /// Forgets one sequence's tokens.
    public func reset(sequence: Int) throws {
        let shape = model.weights.configuration
        let row = [Float](repeating: 0, count: shape.stateSize)
        model.setState(Array(repeating: row, count: shape.layerCount), of: sequence)
    }
}
