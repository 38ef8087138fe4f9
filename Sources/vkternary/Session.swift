import Glibc
import TernaryCore
import TernaryFiles
import TernaryModels

/// One `vkternary run`: a model on a device, and how the user wants to see what it writes.
struct Session {
    let command: Run
    let model: Model
    let engine: any Engine

    /// One prompt, one text.
    func write(_ prompt: [UInt8]) throws {
        let generator = TextGenerator(engine: engine, tokenizer: model.tokenizer!)
        let sampling = command.sampling
        var text = ""
        let echo = String(decoding: prompt, as: UTF8.self)
        if !command.json && !command.quiet { try Terminal.write(echo) }
        let result = try generator.generate(
            prompt: prompt, sampling: sampling, limit: command.tokens, stops: command.stop, isCancelled: { Interrupt.isPending }
        ) {
            if command.json { text += $0 } else { try Terminal.write($0) }
        }
        let report = try RunReport(
            model: model, engine: engine, statistics: result.statistics, measuresBandwidth: command.stats || command.json)
        if command.json {
            try Terminal.write(
                JSONText.object([
                    ("prompt", .string(echo)), ("text", .string(text)), ("tokens", .array(result.tokens.map { .int($0) })),
                    ("stop_reason", .string(result.reason.rawValue)), ("seed", .string(String(sampling.seed))),
                    ("statistics", report.json),
                ]).description + "\n")
        } else {
            try Terminal.write("\n")
        }
        if command.stats || (Interrupt.isPending && !command.quiet) { report.lines.forEach(Terminal.note) }
    }

    /// Prompts from a person, each going on from the text so far.
    func converse() throws {
        let generator = TextGenerator(engine: engine, tokenizer: model.tokenizer!)
        var sampling = command.sampling
        if !command.quiet {
            Terminal.note(
                "\(model.name) on \(engine.deviceName). Type the beginning of a text and press Enter; the model goes on.")
            Terminal.note("An empty line: go on. /new: a new text. /quit or Ctrl-D: end. Ctrl-C stops the model.")
        }
        while true {
            try Terminal.write("> ")
            guard let line = readLine() else {
                if Interrupt.isPending && errno == EINTR { Interrupt.clear() }
                break
            }
            switch line {
            case "/quit", "/exit": return
            case "/new", "/reset":
                try generator.reset()
                continue
            case "/help":
                Terminal.note("An empty line: go on. /new: a new text. /quit or Ctrl-D: end. Ctrl-C stops the model.")
                continue
            default: break
            }
            if line.hasPrefix("/") {
                Terminal.note("There is no command \(line); /help lists them.")
                continue
            }
            let result = try generator.generate(
                prompt: Array(line.utf8), sampling: sampling, limit: command.tokens, stops: command.stop,
                isCancelled: { Interrupt.isPending }
            ) { try Terminal.write($0) }
            try Terminal.write("\n")
            Interrupt.clear()
            sampling.seed &+= 1
            if command.stats {
                try RunReport(model: model, engine: engine, statistics: result.statistics, measuresBandwidth: true)
                    .lines.forEach(Terminal.note)
            }
        }
    }

    /// Random weights have no text: only how fast they run is of interest.
    func measureRandom() throws {
        let clock = ContinuousClock()
        var statistics = GenerationStatistics()
        var random = SplitMix64(seed: 1)
        func token() -> Int { Int(random.next() % UInt64(model.weights.configuration.vocabularySize)) }
        let prompt = (0..<64).map { _ in token() }
        _ = try engine.forward(prompt, logits: .last)  // warms up: pipelines, clocks
        _ = try engine.forward([token()], logits: .last)
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
        let report = try RunReport(model: model, engine: engine, statistics: statistics, measuresBandwidth: true)
        try Terminal.write(command.json ? report.json.description + "\n" : report.lines.joined(separator: "\n") + "\n")
    }
}
