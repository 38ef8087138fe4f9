import Foundation
import Testing

/// The built-in model's figures are the same on every machine, so they are compared digit by digit.
@Suite("vkternary perplexity", .timeLimit(.minutes(5))) struct PerplexityTests {
    static let text = """
        Once upon a time there was a miller who had three sons. The eldest got the mill, the second the donkey, and the youngest \
        nothing but the cat. "What am I to do with a cat?" he said, and sat down by the road.

        """

    private static func object(_ outcome: Program.Outcome) throws -> [String: Any] {
        #expect(outcome.exited && outcome.status == 0, "\(outcome.errors)")
        return try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    }

    @Test("gives the built-in model's figure for a text") func figure() throws {
        let outcome = try Program.run("perplexity", "-", input: Self.text)
        #expect(outcome.exited && outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("one holds the text; each after the begin token"))
        let figures = outcome.output.split(separator: "\n").filter {
            $0.contains("nats/") || $0.contains("perp") || $0.contains("/byte")
        }
        #expect(
            figures == [
                "nats/token    2.59570 +- 0.33079",
                "perplexity    13.40590 +- 4.43454",
                "bits/byte     1.04927",
            ])
    }

    @Test("windows give a figure of their own, and --json every digit") func json() throws {
        let outcome = try Program.run(
            "perplexity", "-", "--window", "24", "--stride", "12", "--tokens", "50", "--json", input: Self.text)
        // As text: Foundation reads a Double's digits through a decimal of its own, which may lose the last.
        #expect(outcome.output.contains(#""nats_per_token": 2.5033099074890126, "nats_per_token_error": 0.35321198276985327,"#))
        let object = try Self.object(outcome)
        #expect(object["scored_tokens"] as? Int == 50 && object["complete"] as? Bool == true)
        #expect(object["window"] as? Int == 24 && object["stride"] as? Int == 12 && object["windows"] as? Int == 4)
        #expect(object["cache"] is NSNull && object["begin_token"] as? Int == 1)
        #expect(object["text_bytes"] as? Int == Self.text.utf8.count)
        let bytes = try #require(object["scored_bytes"] as? Int)
        #expect(bytes > 100 && bytes < Self.text.utf8.count)
        #expect(abs(try #require(object["bits_per_byte"] as? Double) - 2.5033099074890126 * 50 / Double(bytes) / log(2)) < 1e-12)
    }

    @Test("gives the built-in model's figure for the beginning of WikiText-2", .enabled(if: wikiText != nil))
    func wikiText2() throws {
        let outcome = try Program.run("perplexity", "-", "--json", input: try #require(Self.wikiText))
        #expect(outcome.output.contains(#""scored_tokens": 390, "scored_bytes": 1000, "nats_per_token": 5.196330093900439,"#))
        #expect(outcome.output.contains(#""bits_per_byte": 2.923720666343976,"#))
    }

    /// The first 1000 bytes of the test split, read where they lie; nil, saying why, where they are not there.
    static let wikiText: String? = {
        let path = FileManager.default.currentDirectoryPath + "/../shared/data/eval/wikitext2-test.txt.xz"
        guard FileManager.default.fileExists(atPath: path) else {
            print("skipping: needs ../shared/data/eval")
            return nil
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sh", "-c", "xz -dc \"$1\" | head -c 1000", "sh", path]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard text.utf8.count == 1000 else {
            print("skipping: needs xz")
            return nil
        }
        return text
    }()

    @Test("a file and standard input are the same text") func file() throws {
        try Program.inFolder { folder in
            try Self.text.write(toFile: "\(folder)/text", atomically: true, encoding: .utf8)
            let stdin = try Self.object(Program.run("perplexity", "-", "--tokens", "20", "--json", input: Self.text))
            let file = try Self.object(Program.run("perplexity", "\(folder)/text", "--tokens", "20", "--json"))
            #expect(file["nats_per_token"] as? Double == stdin["nats_per_token"] as? Double)
            #expect(file["file"] as? String == "\(folder)/text" && stdin["file"] as? String == "standard input")
        }
    }

    @Test("reads what is no UTF-8 as the tokenizer does") func invalidUTF8() throws {
        try Program.inFolder { folder in
            try Data([0xFF, 0x61, 0xC3, 0x20, 0x00, 0xED, 0xA0, 0x80]).write(to: URL(fileURLWithPath: "\(folder)/text"))
            let object = try Self.object(Program.run("perplexity", "\(folder)/text", "--json"))
            #expect(object["scored_bytes"] as? Int == 8 && (object["scored_tokens"] as? Int ?? 0) > 0)
        }
    }

    @Test("refuses what it cannot score in one line, and says why", arguments: [0, 1, 2, 3, 4, 5])
    func refused(kind: Int) throws {
        try Program.inFolder { folder in
            let (arguments, status, reason): ([String], Int32, String) =
                switch kind {
                case 0: (["-"], 2, "standard input: is empty")
                case 1: (["\(folder)/none"], 2, "No such file")
                case 2: ([folder], 2, "Is a directory")
                case 3:
                    (
                        [FileManager.default.currentDirectoryPath + "/Tests/Fixtures/transformers/gguf-q2-64.gguf", "-"], 2,
                        "has no tokenizer"
                    )
                case 4: (["-", "--stride", "4"], 64, "--window")
                default: ([FileManager.default.currentDirectoryPath + "/Sources/CStories/stories.gguf"], 2, "is a model")
                }
            let outcome = try Program.finish(Program.start(["perplexity"] + arguments, input: kind == 0 ? "" : "a text"))
            #expect(outcome.exited && outcome.status == status && outcome.output.isEmpty)
            #expect(outcome.errorLines.count == 1 && outcome.errors.contains(reason), "\(outcome.errors)")
        }
    }

    @Test(
        "refuses numbers that mean nothing, with exit code 64",
        arguments: [
            ["--window", "0"], ["--stride", "0"], ["--tokens", "0"], ["--tokens", "-1"], ["--window", "4", "--stride", "5"],
            ["--window", "99999999999999999999"], ["--random", "370m"],
        ])
    func badNumbers(_ arguments: [String]) throws {
        let outcome = try Program.finish(Program.start(["perplexity", "-"] + arguments))
        #expect(outcome.exited && outcome.status == 64 && outcome.output.isEmpty)
    }

    @Test("Ctrl-C gives the result so far and exit code 130") func interrupt() throws {
        let started = try Program.start(
            ["perplexity", "-", "--window", "8", "--stride", "1", "--json"],
            input: String(repeating: Self.text, count: 40))
        // Seconds of the program's own, whatever else this machine does: enough to load, a small part of the work.
        for _ in 0..<1200 where Self.ownSeconds(started.process.processIdentifier) < 2 { Thread.sleep(forTimeInterval: 0.1) }
        started.process.interrupt()
        let outcome = try Program.finish(started)
        #expect(outcome.exited && outcome.status == 130)
        let object = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(object["complete"] as? Bool == false && (object["scored_tokens"] as? Int ?? 0) > 0)
    }

    /// What a process has computed so far, in user mode.
    private static func ownSeconds(_ process: Int32) -> Double {
        guard let line = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return .infinity }
        // Fields after the name in parentheses, which may hold anything; `utime` is the 14th of all.
        let fields = line.split(separator: ")").last?.split(separator: " ") ?? []
        return (Double(fields[11]) ?? .infinity) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
