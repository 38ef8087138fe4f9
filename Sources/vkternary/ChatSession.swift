import TernaryFiles
import TernaryModels

/// One `vkternary chat`: turns from standard input, answers to standard output.
struct ChatSession {
    let command: Chat
    let model: LoadedModel
    let conversation: Conversation

    private static let help = """
        /reset           begin anew, the system prompt stays
        /system TEXT     set the system prompt; without a text there is none
        /save FILE       write the conversation
        /load FILE       go on with a conversation
        /help            this list
        /exit            end, as Ctrl-D does
        A line that ends in \\ goes on in the next; lines between \"\"\" and \"\"\" are one turn. Ctrl-C ends an answer.
        """

    /// Takes turns until there are no more.
    func converse() throws {
        let isInteractive = Terminal.isInteractive
        var input = ChatInput(prompts: isInteractive)
        var sampling = command.draw.sampling
        var wasInterrupted = false
        if isInteractive && !command.quiet {
            Terminal.note("\(model.name) on \(model.engine.deviceName)")
            Terminal.note("/help lists the commands, /exit or Ctrl-D ends.")
        }
        while true {
            let turn = try input.next()
            let isInterrupted = Interrupt.isPending || turn == .interrupted
            Interrupt.clear()
            switch turn {
            case .end:
                if isInteractive { try Terminal.write("\n") }
                if isInterrupted { throw Failure.interrupted }
                return
            case .interrupted:
                // Nobody is there to press it twice.
                guard isInteractive, !wasInterrupted else { throw Failure.interrupted }
                try Terminal.write("\n")
                Terminal.note("(Ctrl-C again, Ctrl-D or /exit ends)")
                wasInterrupted = true
                continue
            case .command("/exit", _), .command("/quit", _): return
            case .command(let name, let rest): try obey(name, rest, isInteractive: isInteractive)
            case .text(let question):
                try answer(question, sampling, isInteractive: isInteractive)
                sampling.seed &+= 1
            }
            wasInterrupted = false
        }
    }

    /// Does what a person typed. A mistake there is said and not the end; a script's is.
    private func obey(_ name: String, _ rest: String, isInteractive: Bool) throws {
        do {
            switch name {
            case "/reset":
                conversation.reset()
                note("A new conversation.")
            case "/system":
                conversation.system = rest.isEmpty ? nil : rest
                note(rest.isEmpty ? "No system prompt." : "The system prompt is set.")
            case "/save":
                guard !rest.isEmpty else { throw UsageError("/save takes a file's name") }
                try conversation.messages.write(chatFile: rest)
                note("\(conversation.messages.count) messages are in \(rest).")
            case "/load":
                guard !rest.isEmpty else { throw UsageError("/load takes a file's name") }
                conversation.messages = try [ChatMessage](chatFile: rest)
                note("\(conversation.messages.count) messages are read.")
            case "/help": Self.help.split(separator: "\n").forEach { Terminal.note(String($0)) }
            default: throw UsageError("there is no command \(name); /help lists them")
            }
        } catch let error where isInteractive && (error is FileError || error is UsageError) {
            Terminal.note("\(error)")
        }
    }

    private func note(_ line: String) { if !command.quiet { Terminal.note(line) } }

    private func answer(_ question: String, _ sampling: SamplingOptions, isInteractive: Bool) throws {
        var last: UInt8?
        do {
            let result = try conversation.ask(
                question, sampling: sampling, limit: command.tokens, stops: command.draw.stop,
                isCancelled: { Interrupt.isPending }
            ) {
                // Plain templates leave the space in front of an answer to the model.
                let text = last == nil ? String($0.drop { $0 == " " }) : $0
                try Terminal.write(text)
                last = text.utf8.last ?? last
            }
            if last != UInt8(ascii: "\n") { try Terminal.write("\n") }
            Interrupt.clear()
            if result.reason == .length { note("(cut off after \(command.tokens) tokens; --tokens allows more)") }
            if command.stats {
                RunReport(model: model, statistics: result.statistics, seed: sampling.temperature > 0 ? sampling.seed : nil)
                    .lines.forEach(Terminal.note)
            }
        } catch let error as FileError where isInteractive {
            // The template refuses this turn; another may do.
            Terminal.note("\(error)")
        }
    }
}
