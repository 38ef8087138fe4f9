import ArgumentParser
import Glibc
import TernaryCore
import TernaryFiles
import TernaryModels

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a model write text.",
        discussion: """
            The prompt is --prompt, --file, or standard input where that is no terminal ('-' in the model's place reads it in any case). \
            On a terminal without a prompt this is an interactive session. Where the prompt is empty, the model starts a text of its own.

            The text goes to standard output, the prompt before it; everything else goes to standard error. Ctrl-C ends the text and shows \
            the statistics.

            A model without a tokenizer has no text: without a prompt its speed is measured, as that of --random is.

              vkternary run --prompt "Once upon a time"
              vkternary run model.gguf --file story.txt --tokens 400 --temperature 0.7 --seed 7
              echo "The king had three sons." | vkternary run --json
            """)

    @OptionGroup var options: ModelOptions

    @Option(name: .shortAndLong, parsing: .unconditional, help: "Text to go on from.")
    var prompt: String?

    @Option(
        name: .shortAndLong, parsing: .unconditional, help: "File with the text to go on from; '-' is standard input.",
        completion: .file())
    var file: String?

    @Option(name: [.customShort("n"), .long], parsing: .unconditional, help: "Most tokens to write.")
    var tokens = 256

    @OptionGroup var draw: SamplingArguments

    @Flag(help: "Write one JSON object with the text, tokens and statistics instead of text.")
    var json = false

    @Flag(help: "Write statistics to standard error at the end.")
    var stats = false

    @Flag(name: .shortAndLong, help: "Write what the model adds and nothing else: no prompt before it, no notes.")
    var quiet = false

    mutating func validate() throws {
        if prompt != nil && file != nil { throw ValidationError("Give --prompt or --file, not both.") }
        if tokens < 0 { throw ValidationError("--tokens takes 0 or more.") }
        // `vkternary run - ` reads the prompt from standard input with the built-in model.
        if options.random != nil && (prompt != nil || file != nil) {
            throw ValidationError(
                "Random weights have no tokenizer, so they take no prompt; without one their speed is measured.")
        }
        if options.model == "-" {
            if prompt != nil || file != nil { throw ValidationError("'-' reads standard input: no --prompt or --file with it.") }
            options.model = nil
            file = "-"
        }
    }

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        let hasPrompt = prompt != nil || file != nil
        let isInteractive = !hasPrompt && !json && options.random == nil && Terminal.isInteractive
        let text = try isInteractive ? [] : promptBytes()
        let model = try options.prepare(quiet: quiet)
        Interrupt.listen()
        if options.random != nil || (model.tokenizer == nil && !hasPrompt && text.isEmpty) {
            try Measurement(command: self, model: model).run()
        } else if let tokenizer = model.tokenizer {
            let session = Session(command: self, model: model, tokenizer: tokenizer)
            try isInteractive ? session.converse() : session.write(text)
        } else {
            throw FileError(model.name, "has no tokenizer, so it cannot write text; `vkternary logits --tokens` takes token ids")
        }
        if Interrupt.isPending { throw Failure.interrupted }
    }

    /// What the model goes on from; nothing where nobody gives anything.
    private func promptBytes() throws -> [UInt8] {
        if let prompt { return Array(prompt.utf8) }
        if let file { return try TextInput.prompt(in: file) }
        // A terminal whose user asked for JSON or redirected the output does not expect to be read from.
        return try Terminal.hasKeyboard || options.random != nil ? [] : TextInput.prompt(in: "-")
    }
}
