import TernaryCore
import TernaryModels

/// `vkternary run --random`, and of a model without a tokenizer: there is no text, only how fast they run is of interest.
struct Measurement {
    let command: Run
    let model: LoadedModel

    /// Tokens of the made-up prompt.
    private static let promptTokens = 64

    /// Measures a prefill and `--tokens` decode steps, and writes the statistics.
    func run() throws {
        let engine = model.engine
        let clock = ContinuousClock()
        var statistics = GenerationStatistics()
        var random = SplitMix64(seed: 1)
        func token() -> Int { Int(random.next() % UInt64(model.configuration.vocabularySize)) }
        try engine.checkRoom(for: Self.promptTokens + max(1, command.tokens))
        let prompt = (0..<Self.promptTokens).map { _ in token() }
        // Warms up: pipelines, clocks. Who runs a model once waits for that as well.
        _ = Sampler.greedy(try engine.forward(prompt, logits: .last))
        let startToFirstToken = ProcessClock.seconds
        _ = try engine.forward([token()], logits: .last)
        try engine.reset()
        let start = clock.now
        var logits = try engine.forward(prompt, logits: .last)
        statistics.promptTokens = prompt.count
        statistics.prefillSeconds = (clock.now - start) / .seconds(1)
        let decodeStart = clock.now
        let deviceStart = engine.deviceSeconds
        for _ in 0..<command.tokens where !Interrupt.isPending {
            statistics.logitsHash.combine(logits)
            logits = try engine.forward([Sampler.greedy(logits)], logits: .last)
            statistics.decodeSteps += 1
        }
        statistics.decodeSeconds = (clock.now - decodeStart) / .seconds(1)
        statistics.decodeDeviceSeconds = engine.deviceSeconds.map { $0 - (deviceStart ?? 0) }
        statistics.generatedTokens = statistics.decodeSteps
        let report = RunReport(model: model, statistics: statistics, seed: nil, startToFirstToken: startToFirstToken)
        if command.json { try Terminal.write(report.json.description + "\n") } else { try Terminal.writeLines(report.lines) }
    }
}
