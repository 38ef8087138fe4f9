import TernaryCPU
import TernaryCore
import VulkanCompute

/// A transformer on the CPU's vector units as an engine.
public final class TransformerCPUEngine: Engine {
    /// Name, threads and instructions.
    public var deviceName: String { CPUFeatures.deviceName(threads: model.threads, model.variant) }
    /// nil: the device is the host.
    public var deviceSeconds: Double? { nil }
    /// The model's shape.
    public var modelConfiguration: ModelConfiguration { .transformer(model.weights.configuration) }
    /// All matrices but an embedding that is no head.
    public var weightBytesPerToken: Int { model.weights.byteCountPerToken }
    /// Sequences whose keys and values it keeps.
    public var sequenceCount: Int { model.sequenceCount }
    /// All on the host.
    public var memory: MemoryUse {
        MemoryUse(
            device: 0, host: model.weights.byteCount + model.byteCount, mapped: model.weights.mappedByteCount)
    }
    private let model: TransformerCPU

    /// - Parameters:
    ///   - threads: nil for as many as the process may use.
    ///   - variant: the kernels; nil for those that `VKTERNARY_CPU` names, else the best that the machine can run.
    ///   - keysAndValues: how they are kept.
    ///   - sequences: whose they are.
    public init(
        _ weights: TransformerWeights, threads: Int? = nil, variant: CPUVariant? = nil, keysAndValues: KeyValueOptions = .init(),
        sequences: Int = 1
    ) throws {
        model = try TransformerCPU(
            weights, threads: threads, variant: variant, sequences: sequences, cacheElement: keysAndValues.element,
            contextLimit: keysAndValues.limit(weights.configuration))
    }

    /// What the context holds beyond the tokens so far.
    public func room(sequence: Int) -> Int? { model.contextLimit - model.length(of: sequence) }

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
        check(tokens, sequence: 0)
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

    /// All keys and then all values, a row a block.
    public func readState(sequence: Int) throws -> [[Float]] {
        (0..<modelConfiguration.layerCount).map { layer in
            (model.keys(of: sequence, layer: layer) + model.values(of: sequence, layer: layer)).flatMap { $0 }
        }
    }

    /// Bytes per second that all threads together read from memory.
    public func measureReadBandwidth() throws -> Double? { model.measureReadBandwidth() }

    /// Forgets all tokens.
    public func reset() throws {
        for sequence in 0..<sequenceCount { try reset(sequence: sequence) }
    }

    /// Forgets one sequence's tokens.
    public func reset(sequence: Int) throws { model.reset(sequence: sequence) }
}
