import ArgumentParser
import Glibc
import TernaryCore
import TernaryFiles
import TernaryModels

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a model write text.",
        discussion: """
            The prompt is --prompt, --file, standard input where it is no terminal or a model's place is taken by '-', or what you type: with
            a terminal and no prompt this is an interactive session. Without any prompt the model starts a text of its own.

              vkternary run --prompt "Once upon a time"
              vkternary run model.gguf --file story.txt --tokens 400 --temperature 0.7 --seed 7
              echo "The king had three sons." | vkternary run --json
            """)

    @OptionGroup var options: ModelOptions

    @Option(name: .shortAndLong, help: "Text to go on from.")
    var prompt: String?

    @Option(name: .shortAndLong, help: "File with the text to go on from; '-' is standard input.", completion: .file())
    var file: String?

    @Option(name: [.customShort("n"), .long], help: "Most tokens to write.")
    var tokens = 256

    @Option(help: "0 takes the likeliest token always; higher is more surprising.")
    var temperature: Float = 0.7

    @Option(help: "Draw from the k likeliest tokens; 0 from all.")
    var topK = 40

    @Option(help: "Draw from the likeliest tokens that together have this probability.")
    var topP: Float = 1

    @Option(help: "Drop tokens less probable than this share of the likeliest one.")
    var minP: Float = 0

    @Option(help: "Make tokens of the last 64 less likely; 1 is off.")
    var repeatPenalty: Float = 1

    @Option(help: "Seed of the draw: the same seed gives the same text on every device. Random where none is given.")
    var seed: UInt64?

    @Option(help: "End the text at this string. May be given more than once.")
    var stop: [String] = []

    @Flag(help: "Write one JSON object with the text, tokens and statistics instead of text.")
    var json = false

    @Flag(help: "Write statistics to standard error at the end.")
    var stats = false

    @Flag(name: .shortAndLong, help: "Write the text and nothing else.")
    var quiet = false

    mutating func validate() throws {
        if prompt != nil && file != nil { throw ValidationError("Give --prompt or --file, not both.") }
        if tokens < 0 { throw ValidationError("--tokens takes 0 or more.") }
        if !(temperature >= 0 && temperature.isFinite) { throw ValidationError("--temperature takes 0 or more.") }
        if topK < 0 { throw ValidationError("--top-k takes 0 or more.") }
        if !(topP > 0 && topP <= 1) { throw ValidationError("--top-p takes more than 0, at most 1.") }
        if !(minP >= 0 && minP <= 1) { throw ValidationError("--min-p takes 0 to 1.") }
        if !(repeatPenalty > 0 && repeatPenalty.isFinite) { throw ValidationError("--repeat-penalty takes more than 0.") }
        // `vkternary run - ` reads the prompt from standard input with the built-in model.
        if options.model == "-" {
            if prompt != nil || file != nil { throw ValidationError("'-' reads standard input: no --prompt or --file with it.") }
            options.model = nil
            file = "-"
        }
    }

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        Interrupt.listen()
        let isInteractive = prompt == nil && file == nil && Terminal.hasKeyboard && !json
        let text = try isInteractive ? [] : promptBytes()
        let (model, engine) = try options.prepare(quiet: quiet)
        let session = Session(command: self, model: model, engine: engine)
        if model.tokenizer == nil {
            try session.measureRandom()
        } else if isInteractive {
            try session.converse()
        } else {
            try session.write(text)
        }
        if Interrupt.isPending { throw Failure.interrupted }
    }

    private func promptBytes() throws -> [UInt8] {
        if let prompt { return Array(prompt.utf8) }
        if let file, file != "-" { return try readFile(file, atMost: 64 << 20) }
        // A prompt from a pipe or a here-document; an editor's last line break is not part of it.
        if file == nil && options.random != nil { return [] }
        var text = Terminal.readAll()
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        return text
    }

    var sampling: SamplingOptions {
        var sampling = SamplingOptions()
        sampling.temperature = temperature
        sampling.topK = topK
        sampling.topP = topP
        sampling.minP = minP
        sampling.repeatPenalty = repeatPenalty
        sampling.seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        return sampling
    }
}
