import TernaryCore
import TernaryModels

/// One thing to measure of a model.
struct ModelTest {
    enum Kind {
        /// Tokens taken at once.
        case prompt
        /// Tokens written one by one.
        case text
    }

    struct Result {
        /// Of each repetition.
        let seconds: Samples
        /// Of all repetitions' time, by the device's own clock; nil where it has none.
        let deviceShare: Double?
    }

    let kind: Kind
    /// Tokens, of each sequence.
    let count: Int
    /// Sequences that are written at a time.
    var batch = 1

    /// Steps of a batch that are asked for at a time: some where a device goes on alone, one where nothing is gained and Ctrl-C would wait.
    private static func stepsEach(_ engine: any Engine) -> Int { engine.deviceSeconds == nil ? 1 : 8 }

    /// As llama-bench calls it, and the batch where there is one.
    var name: String { (kind == .prompt ? "pp" : "tg") + "\(count)" + (batch > 1 ? " b=\(batch)" : "") }
    /// Tokens that a sequence holds in the end.
    var contextTokens: Int { count + (kind == .text ? 1 : 0) }
    /// Tokens of which a measured step of a text reads keys and values, itself among them, on average.
    var averageContext: Double { Double(count + 3) / 2 }
    /// Tokens of all sequences.
    var tokens: Int { count * batch }
    /// Tokens that a run takes in without measuring them.
    var unmeasuredTokens: Int { kind == .text ? batch : 0 }

    private static let warmUpSeconds = 0.3

    /// Measures, after runs that do not count.
    ///
    /// - Parameter progress: is given the share that is done.
    func run(_ model: LoadedModel, repetitions: Int, progress: (Double) -> Void) throws -> Result {
        let engine = model.engine
        var seconds: [Double] = []
        var deviceSeconds = 0.0
        // A device that has idled takes a while to raise its clocks.
        var warming = 0.0
        repeat { warming += try runOnce(model).host } while warming < Self.warmUpSeconds
        for repetition in 0..<repetitions {
            let elapsed = try runOnce(model)
            progress(Double(repetition + 1) / Double(repetitions))
            seconds.append(elapsed.host)
            deviceSeconds += elapsed.device
        }
        let total = seconds.reduce(0, +)
        return Result(seconds: Samples(seconds), deviceShare: engine.deviceSeconds.map { _ in deviceSeconds / total })
    }

    /// Seconds that it took, by both clocks.
    func runOnce(_ model: LoadedModel) throws -> (host: Double, device: Double) {
        let engine = model.engine
        var random = SplitMix64(seed: 1)
        let tokens = (0..<(kind == .prompt ? count : batch)).map { _ in
            Int(random.next() % UInt64(model.configuration.vocabularySize))
        }
        try engine.reset()
        // What is written goes on from a token that is not measured.
        let sequences = Array(0..<batch)
        var next = kind == .text ? try engine.greedySteps(1, from: tokens, of: sequences)[0] : []
        let deviceStart = engine.deviceSeconds ?? 0
        let clock = ContinuousClock()
        let start = clock.now
        switch kind {
        case .prompt: _ = try engine.forward(tokens, logits: .last)
        case .text:
            let most = Self.stepsEach(engine)
            for first in stride(from: 0, to: count, by: most) {
                let drawn = try engine.greedySteps(min(most, count - first), from: next, of: sequences)
                next = drawn[drawn.count - 1]
                try Interrupt.check()
            }
        }
        let elapsed = (clock.now - start) / .seconds(1)
        try Interrupt.check()
        return (elapsed, (engine.deviceSeconds ?? 0) - deviceStart)
    }
}
