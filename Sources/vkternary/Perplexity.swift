import ArgumentParser
import TernaryCore
import TernaryFiles
import TernaryModels

struct Perplexity: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how well a model foretells a text.",
        discussion: """
            Every token of the text is scored once: the mean of -log(probability) in nats, its standard error, the perplexity \
            e^mean, and bits per byte. A transformer reads windows of --window tokens that begin --stride tokens apart; a token that two \
            windows predict is scored in the first, so that each has --window less --stride tokens before it at least, but for the text's \
            first. Each window begins with the begin token where the tokenizer puts one in front of a text; where it does not, \
            the first token of the text is not scored. A MatMul-free model, whose state holds a text of any length, reads all of the text as \
            one window unless --window is given.

            The same model and text give the same digits on every device. Ctrl-C gives the result so far.

              vkternary perplexity story.txt                     # the built-in model
              vkternary perplexity model.gguf wiki.test.raw --window 2048 --stride 512 --json
              xz -dc wikitext2-test.txt.xz | vkternary perplexity model.gguf - --tokens 10000
            """)

    @OptionGroup var options: ModelOptions

    @Argument(help: "The text; '-' is standard input. Alone, it is scored by the built-in model.", completion: .file())
    var file: String?

    @Option(
        name: .shortAndLong,
        help: "Tokens that the model reads at a time: 2048, or the context where that is less; of a MatMul-free model, all.")
    var window: Int?

    @Option(name: .shortAndLong, help: "Tokens between the beginnings of two windows; half a window where none are given.")
    var stride: Int?

    @Option(name: [.customShort("n"), .long], help: "Tokens to score at most.")
    var tokens: Int?

    @Flag(help: "Write one JSON object.")
    var json = false

    mutating func validate() throws {
        if options.random != nil { throw ValidationError("Random weights have no tokenizer, so there is no text to score.") }
        for (name, value) in [("window", window), ("stride", stride), ("tokens", tokens)] where value.map({ $0 < 1 }) ?? false {
            throw ValidationError("--\(name) takes 1 or more.")
        }
        if let window, let stride, stride > window {
            throw ValidationError("--stride takes --window at most: tokens between two windows would not be scored.")
        }
        if file == nil {
            guard let only = options.model else {
                throw ValidationError("Give the text to score: a file, or '-' for standard input.")
            }
            (options.model, file) = (nil, only)
        }
    }

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        let path = file!
        let name = TextInput.name(of: path)
        let text = try TextInput.all(of: path)
        if text.isEmpty { throw FileError(name, "is empty; there is nothing to score") }
        if text.starts(with: "GGUF".utf8) { throw FileError(name, "is a model; give the text to score after it") }
        let model = try options.prepare(quiet: false) { model in
            if model.tokenizer == nil { throw FileError(model.name, "has no tokenizer, so it cannot read a text") }
        }
        guard let tokenizer = model.tokenizer else { preconditionFailure("checked before the weights were read") }
        Interrupt.listen()

        let ids = tokenizer.encode(text, addSpecialTokens: false)
        let windows = try windows(over: ids, begin: tokenizer.leadingToken, room: model.engine.room(sequence: 0))
        if windows.scored.isEmpty {
            throw FileError(
                name, "has \(ids.count) token\(ids.count == 1 ? "" : "s"), and none that can be foretold from another")
        }
        let clock = ContinuousClock()
        let begin = clock.now
        var bar = ProgressBar("Scoring")
        let result = try TextScorer(windows, engine: model.engine).score(isCancelled: { Interrupt.isPending }) { share, result in
            bar.update(share, note: result.count > 0 ? "perplexity \(result.perplexity.fixed(3))" : "")
        }
        let seconds = (clock.now - begin) / .seconds(1)
        bar.finish()
        if result.count > 0 {
            let report = PerplexityReport(
                model: model, file: name, textBytes: text.count, windows: windows, result: result,
                bytes: scoredBytes(of: text, windows, count: result.count, tokenizer), seconds: seconds,
                cacheElement: options.keysAndValues.element)
            if json { try Terminal.write(report.json.description + "\n") } else { try Terminal.writeLines(report.lines) }
        }
        if result.count < windows.scored.count { throw Failure.interrupted }
    }

    /// As the options say, within what the model holds.
    private func windows(over ids: [Int], begin: Int?, room: Int?) throws -> TextWindows {
        if let window, let room, window > room {
            throw UsageError("--window \(window): the context has room for \(room) tokens; --context makes it larger")
        }
        let length = window ?? room.map { min($0, 2048) }
        if let stride, let length, stride > length {
            throw UsageError("--stride \(stride): the window has \(length) tokens, and those between two would not be scored")
        }
        if stride != nil && length == nil { throw UsageError("--stride: one window holds the text; give --window too") }
        return TextWindows(ids, begin: begin, length: length, stride: stride, limit: tokens)
    }

    /// Bytes of the text that its first scored tokens stand for.
    private func scoredBytes(of text: [UInt8], _ windows: TextWindows, count: Int, _ tokenizer: Tokenizer) -> Int {
        func bytes(_ tokens: ArraySlice<Int>) -> Int { tokenizer.decode(Array(tokens), skipSpecialTokens: false).count }
        let (first, end) = (windows.scored.lowerBound, windows.scored.lowerBound + count)
        // A whole text has the bytes that it has, even if the tokenizer writes them otherwise.
        let all = end == windows.tokens.count ? text.count : bytes(windows.tokens[..<end])
        return max(1, all - bytes(windows.tokens[..<first]))
    }
}
