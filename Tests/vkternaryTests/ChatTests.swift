import Foundation
import Testing

@Suite("vkternary chat", .timeLimit(.minutes(5))) struct ChatTests {
    private let greedy = ["--tokens", "6", "--temperature", "0"]

    private func chat(_ arguments: [String] = [], input: String) throws -> Program.Outcome {
        try Program.finish(Program.start(["chat"] + greedy + arguments, input: input))
    }

    @Test("answers each line of a pipe with a line or more, and says once that the model has no template")
    func pipe() throws {
        let outcome = try chat(input: "The king\nThe queen\n")
        #expect(outcome.status == 0)
        #expect(outcome.output.split(separator: "\n").count >= 2 && outcome.output.hasSuffix("\n"))
        #expect(outcome.errorLines.filter { $0.contains("has no chat template") }.count == 1)
        let quiet = try chat(["--quiet"], input: "The king\nThe queen")
        #expect(quiet.output == outcome.output && quiet.errorLines.isEmpty)
    }

    @Test("a turn may take several lines")
    func multiline() throws {
        try Program.inFolder { folder in
            let file = "\(folder)/chat.json"
            let outcome = try chat(
                ["-q"], input: "one \\\ntwo\n\"\"\"\nthree\n\nfour\n\"\"\"\n\n  \n\"\"\"five\"\"\"\n/save \(file)\n")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let messages = try #require(
                JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file))) as? [[String: String]])
            #expect(messages.filter { $0["role"] == "user" }.map { $0["content"] } == ["one \ntwo", "three\n\nfour", "five"])
        }
    }

    @Test("what /save writes goes on with /load and --load as it would have; /reset and /system change it")
    func saved() throws {
        try Program.inFolder { folder in
            let (file, other) = ("\(folder)/chat.json", "\(folder)/other.json")
            let whole = try chat(["-q", "--system", "A tale."], input: "The king\n/save \(file)\nThe queen\n")
            let loaded = try chat(["-q"], input: "/load \(file)\nThe queen\n")
            #expect(loaded.status == 0 && !loaded.output.isEmpty && whole.output.hasSuffix(loaded.output))
            #expect(try chat(["-q", "--load", file], input: "The queen\n").output == loaded.output)
            _ = try chat(["-q", "--load", file], input: "/reset\n/system Another.\nHi\n/save \(other)\n/exit\nnever")
            let messages = try #require(
                JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: other))) as? [[String: String]])
            #expect(messages.map { $0["role"] } == ["system", "user", "assistant"] && messages[0]["content"] == "Another.")
        }
    }

    @Test("what cannot be done is said in one line")
    func refusals() throws {
        func refusal(_ arguments: [String], _ input: String = "") throws -> (Int32, Substring?) {
            let outcome = try chat(["-q"] + arguments, input: input)
            #expect(outcome.exited && outcome.errorLines.count == 1, "\(outcome.errors)")
            return (outcome.status, outcome.errorLines.first)
        }
        #expect(try refusal([], "/load /no/such\n") == (2, "vkternary: /no/such: cannot be opened: No such file or directory"))
        #expect(try refusal(["--load", "/no/such"]).0 == 2)
        #expect(try refusal([], "/nope\n") == (64, "vkternary: there is no command /nope; /help lists them"))
        #expect(try refusal(["--template", "/no/such"]).0 == 2)
        try Program.inFolder { folder in
            let template = "\(folder)/t.jinja"
            try Data("{{ raise_exception('never') }}".utf8).write(to: URL(fileURLWithPath: template))
            let (status, line) = try refusal(["--template", template], "Hi\n")
            #expect(status == 2 && line == "vkternary: \(template): chat template, line 1: the template says: never")
        }
        #expect(try Program.run("chat", "--random", "370m").status == 64)
        #expect(try Program.run("chat", "--tokens", "0").status == 64)
        #expect(try Program.run("chat", "--top-p", "0").status == 64)
    }

    @Test("Ctrl-C ends the answer and not the program") func interrupt() throws {
        let started = try Program.start(
            ["chat", "--tokens", "1000000", "--temperature", "0", "--quiet"],
            input: "The king had three sons.\n/system x\n/help\n")
        _ = started.output.fileHandleForReading.readData(ofLength: 20)
        started.process.interrupt()
        let outcome = try Program.finish(started)
        #expect(outcome.exited && outcome.status == 0, "\(outcome.status) \(outcome.errors)")
        #expect(outcome.errors.contains("/reset"), "the commands after it are obeyed")
    }
}
