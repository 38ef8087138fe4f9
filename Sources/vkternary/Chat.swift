import ArgumentParser
import TernaryFiles
import TernaryModels

struct Chat: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk with a model.",
        discussion: """
            Each line is a turn; the model's answer follows. A line that ends in \\ goes on in the next, and lines between \"\"\" and \"\"\" are \
            one turn. Commands: /reset begins anew, /system TEXT sets the system prompt, /save FILE and /load FILE keep and bring back a \
            conversation (a JSON list of role and content), /help, /exit. Ctrl-C ends an answer, Ctrl-D the conversation.

            The conversation is written as the model's chat template says. Models without one get the template that their tokens point \
            to, or plain "User:" and "Assistant:" lines; --template names another.

            Answers go to standard output; everything else goes to standard error. Standard input need not be a terminal.

              vkternary chat model.gguf --system "Answer in one sentence."
              printf 'What is a trit?\\nAnd a tryte?\\n' | vkternary chat model.gguf --temperature 0
            """)

    @OptionGroup var options: ModelOptions

    @Option(parsing: .unconditional, help: "What the model is told about its part before the conversation.")
    var system: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Chat template instead of the model's own: a file with Jinja, or one of "
                + ChatTemplate.Family.allCases.map(\.rawValue).joined(separator: ", ") + ".", valueName: "file|name"),
        completion: .file())
    var template: String?

    @Option(parsing: .unconditional, help: "Conversation to go on with, as /save writes it.", completion: .file())
    var load: String?

    @Option(name: [.customShort("n"), .long], parsing: .unconditional, help: "Most tokens of an answer.")
    var tokens = 1024

    @OptionGroup var draw: SamplingArguments

    @Flag(help: "Write statistics to standard error after each answer.")
    var stats = false

    @Flag(name: .shortAndLong, help: "Write the answers and nothing else: no notes.")
    var quiet = false

    mutating func validate() throws {
        if tokens < 1 { throw ValidationError("--tokens takes 1 or more.") }
        if options.random != nil { throw ValidationError("Random weights have no tokenizer, so they cannot talk.") }
        if options.model == "-" { throw ValidationError("chat reads turns from standard input; it takes no '-'.") }
    }

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        // Before the model is read, which takes long: what the user named must be there.
        var messages = try load.map { try [ChatMessage](chatFile: $0) } ?? []
        if let system {
            if messages.first?.role == "system" { messages.removeFirst() }
            messages.insert(ChatMessage(role: "system", content: system), at: 0)
        }
        let model = try options.prepare(quiet: quiet)
        guard let tokenizer = model.tokenizer else {
            throw FileError(model.name, "has no tokenizer, so it cannot talk; `vkternary logits --tokens` takes token ids")
        }
        let template = try chosenTemplate(tokenizer, model)
        if let notice = template.notice, !quiet { Terminal.note("vkternary: \(notice)") }
        Interrupt.listen()
        let conversation = Conversation(
            engine: model.engine, tokenizer: tokenizer, template: template, messages: messages)
        try ChatSession(command: self, model: model, conversation: conversation).converse()
    }

    private func chosenTemplate(_ tokenizer: Tokenizer, _ model: LoadedModel) throws -> ChatTemplate {
        guard let template else {
            return try ChatTemplate.choose(tokenizer, architecture: model.architecture, path: options.model ?? model.name)
        }
        if let family = ChatTemplate.Family(rawValue: template) { return try ChatTemplate(family, tokenizer: tokenizer) }
        return try ChatTemplate(TextInput.all(of: template), tokenizer: tokenizer, path: template, name: template)
    }
}
