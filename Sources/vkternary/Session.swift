import TernaryFiles
import TernaryModels

/// One `vkternary run`: a model on a device, and how the user wants to see what it writes.
struct Session {
    let command: Run
    let model: LoadedModel
    let tokenizer: Tokenizer

    private static let help = "An empty line: go on. /new: a new text. /quit or Ctrl-D: end. Ctrl-C: stop the model."

    /// One prompt, one text.
    func write(_ prompt: [UInt8]) throws {
        let generator = TextGenerator(engine: model.engine, tokenizer: tokenizer)
        let sampling = command.draw.sampling
        var text = ""
        if !command.json && !command.quiet { try Terminal.write(prompt) }
        let startToPrompt = ProcessClock.seconds
        let result = try generator.generate(
            prompt: prompt, sampling: sampling, limit: command.tokens, stops: command.draw.stop,
            isCancelled: { Interrupt.isPending }
        ) {
            text += $0
            if !command.json { try Terminal.write($0) }
        }
        let seed = sampling.temperature > 0 ? sampling.seed : nil
        let startToFirstToken = result.tokens.isEmpty ? nil : startToPrompt.map { $0 + result.statistics.firstTokenSeconds }
        if command.json {
            let report = RunReport(
                model: model, statistics: result.statistics, seed: seed, startToFirstToken: startToFirstToken)
            try Terminal.write(
                JSONText.object([
                    ("prompt", .string(String(decoding: prompt, as: UTF8.self))), ("text", .string(text)),
                    ("tokens", .array(result.tokens.map { .int($0) })), ("stop_reason", .string(result.reason.rawValue)),
                    // A string: JSON's numbers are too short for 64 bits.
                    ("seed", seed.map { .string(String($0)) } ?? .null), ("statistics", report.json),
                ]).description + "\n")
        } else if text.utf8.last != UInt8(ascii: "\n") {
            try Terminal.write("\n")
        }
        if command.stats || (result.reason == .cancelled && !command.quiet && !command.json) {
            // Who pressed Ctrl-C does not want to wait for a measurement.
            RunReport(
                model: model, statistics: result.statistics, seed: seed, startToFirstToken: startToFirstToken,
                measuresBandwidth: command.stats
            ).lines.forEach(Terminal.note)
        }
    }

    /// Prompts from a person, each going on from the text so far.
    func converse() throws {
        let generator = TextGenerator(engine: model.engine, tokenizer: tokenizer)
        var sampling = command.draw.sampling
        var reader = LineReader()
        var wasInterrupted = false
        if !command.quiet {
            Terminal.note("\(model.name) on \(model.engine.deviceName)")
            Terminal.note("Type the beginning of a text and press Enter; the model goes on.")
            Terminal.note(Self.help)
        }
        while true {
            try Terminal.write("> ")
            let typed = reader.next()
            Interrupt.clear()
            guard case .text(let line) = typed else {
                try Terminal.write("\n")
                if typed == .end || wasInterrupted { return }
                Terminal.note("(Ctrl-C again, Ctrl-D or /quit ends)")
                wasInterrupted = true
                continue
            }
            wasInterrupted = false
            if line.first == UInt8(ascii: "/") {
                switch String(decoding: line, as: UTF8.self) {
                case "/quit", "/exit": return
                case "/new", "/reset":
                    try generator.reset()
                    if !command.quiet { Terminal.note("A new text.") }
                case "/help": Terminal.note(Self.help)
                case let other: Terminal.note("There is no command \(other); /help lists them.")
                }
                continue
            }
            let result = try generator.generate(
                prompt: line, sampling: sampling, limit: command.tokens, stops: command.draw.stop,
                isCancelled: { Interrupt.isPending }
            ) { try Terminal.write($0) }
            try Terminal.write("\n")
            Interrupt.clear()
            if result.reason == .endOfText && !command.quiet {
                Terminal.note("(The text ends here. An empty line begins another.)")
            }
            if command.stats {
                RunReport(model: model, statistics: result.statistics, seed: sampling.temperature > 0 ? sampling.seed : nil)
                    .lines.forEach(Terminal.note)
            }
            sampling.seed &+= 1
        }
    }
}
