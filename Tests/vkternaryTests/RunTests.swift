import Foundation
import Testing

@Suite("vkternary run", .timeLimit(.minutes(5))) struct RunTests {
    @Test("writes the prompt, the text and a line break, and the same text again for the same seed")
    func text() throws {
        let first = try Program.run("run", "--prompt", "The king", "--tokens", "8", "--seed", "3")
        let second = try Program.run("run", "--tokens", "8", "--seed", "3", input: "The king\n")
        #expect(first.status == 0)
        #expect(first.output.hasPrefix("The king") && first.output.hasSuffix("\n") && first.output.count > 12)
        #expect(second.output == first.output, "standard input is the prompt where it is no terminal")
        let again = try Program.run("run", "-", "--tokens", "8", "--seed", "3", "--quiet", input: "The king\n")
        #expect("The king" + again.output == first.output, "--quiet leaves the prompt out")
    }

    @Test("starts a text of its own where the input is empty") func noPrompt() throws {
        let outcome = try Program.run("run", "--tokens", "6")
        #expect(outcome.status == 0)
        #expect(outcome.output.count > 6)
    }

    @Test("a prompt may begin with a dash") func dash() throws {
        let outcome = try Program.run("run", "--prompt", "--So", "--tokens", "2")
        #expect(outcome.status == 0 && outcome.output.hasPrefix("--So"))
    }

    @Test("--json is one object with text, tokens and statistics that fit each other") func json() throws {
        let outcome = try Program.run("run", "--json", "--prompt", "Once \"", "--tokens", "5", "--seed", "18446744073709551615")
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let statistics = try #require(object["statistics"] as? [String: Any])
        #expect(object["prompt"] as? String == "Once \"")
        #expect(object["seed"] as? String == "18446744073709551615")
        #expect((object["tokens"] as? [Int])?.count == 5 && statistics["generated_tokens"] as? Int == 5)
        #expect(statistics["decode_steps"] as? Int == 4)
        let rate = try #require(statistics["decode_tokens_per_second"] as? Double)
        let weights = try #require(statistics["ternary_bytes"] as? Double)
        let read = try #require(statistics["weight_bytes_per_second"] as? Double)
        #expect(abs(read - rate * weights) < 1e-6 * read)
        #expect((statistics["load_seconds"] as? Double ?? 0) > 0)
    }

    @Test("--stop ends the text before the string") func stop() throws {
        let whole = try Program.run("run", "-q", "--prompt", "Once upon", "--tokens", "6", "--temperature", "0")
        let cut = try Program.run("run", "-q", "--prompt", "Once upon", "--tokens", "6", "--temperature", "0", "--stop", "a time")
        #expect(whole.output.contains("a time"))
        #expect(!cut.output.contains("a time") && whole.output.hasPrefix(cut.output.dropLast()))
    }

    @Test(
        "refuses numbers that mean nothing, with exit code 64",
        arguments: [
            ["--tokens", "-1"], ["--tokens", "99999999999999999999"], ["--temperature", "nan"], ["--temperature", "-1"],
            ["--top-k", "-1"], ["--top-p", "0"], ["--min-p", "2"], ["--repeat-penalty", "0"], ["--seed", "-1"], ["--stop", ""],
            ["--random", "7b"], ["--threads", "0"], ["--prompt", "a", "--file", "b"], ["--random", "370m", "--prompt", "a"],
        ])
    func badNumbers(_ arguments: [String]) throws {
        let outcome = try Program.finish(Program.start(["run"] + arguments))
        #expect(outcome.exited && outcome.status == 64)
        #expect(outcome.output.isEmpty && outcome.errorLines.first?.hasPrefix("Error: ") == true)
    }

    @Test(
        "extreme options do not crash it",
        arguments: [
            ["--temperature", "1e-45"], ["--temperature", "3e38"], ["--repeat-penalty", "1e-45"], ["--repeat-penalty", "3e38"],
            ["--top-k", "9223372036854775807"], ["--top-p", "1e-45"], ["--min-p", "1"],
        ])
    func extremes(_ arguments: [String]) throws {
        let outcome = try Program.finish(Program.start(["run", "--prompt", "a", "--tokens", "4"] + arguments))
        #expect(outcome.exited && outcome.status == 0, "\(outcome.errors)")
    }

    @Test("Ctrl-C ends the text with the statistics and exit code 130") func interrupt() throws {
        let started = try Program.start([
            "run", "--prompt", "The king had three sons.", "--tokens", "1000000", "--temperature", "0",
        ])
        // Greedy text of this model never ends. The first characters past the prompt show that it is at work.
        _ = started.output.fileHandleForReading.readData(ofLength: 30)
        started.process.interrupt()
        let outcome = try Program.finish(started)
        #expect(outcome.exited && outcome.status == 130)
        #expect(outcome.output.hasSuffix("\n") && outcome.errors.contains("tokens/s"))
    }

    @Test("says nothing where its reader goes away") func brokenPipe() throws {
        let started = try Program.start([
            "run", "--prompt", "The king had three sons.", "--tokens", "1000000", "--temperature", "0",
        ])
        _ = started.output.fileHandleForReading.readData(ofLength: 30)
        try started.output.fileHandleForReading.close()
        started.process.waitUntilExit()
        defer { try? FileManager.default.removeItem(at: started.errors) }
        #expect(try Data(contentsOf: started.errors).isEmpty)
    }
}
