import Foundation
import Testing

@Suite("vkternary with files that are mapped") struct MappedFileTests {
    private static let stories = "Sources/CStories/stories.gguf"

    @Test("a packed file gives the text of its source, mapped or copied, and says what is mapped") func sameText() throws {
        try Program.inFolder { folder in
            let path = "\(folder)/stories.gguf"
            #expect(try Program.run("convert", Self.stories, path, "--type", "t2").status == 0)
            #expect(try Program.run("inspect", path).output.contains("GGUF, T2"))
            let arguments = ["--prompt", "The", "--tokens", "8", "--temperature", "0", "--stats"]
            func run(_ more: [String]) throws -> Program.Outcome {
                try Program.finish(Program.start(["run"] + more + arguments))
            }
            let (ours, mapped, copied) = (try run([]), try run([path]), try run([path, "--no-mmap"]))
            #expect(mapped.output == ours.output && copied.output == ours.output)
            #expect(mapped.errors.contains("in the mapped file") && !copied.errors.contains("in the mapped file"))
            // Writers put a new file under the name, so that what is mapped stays.
            #expect(try Program.run("convert", path, path + "2", "--type", "t2").status == 0)
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: path)) == Data(contentsOf: URL(fileURLWithPath: path + "2")))
        }
    }

    @Test("a file that is cut short while it is in use ends the program with one line") func cutShort() throws {
        try Program.inFolder { folder in
            let path = "\(folder)/stories.gguf"
            #expect(try Program.run("convert", Self.stories, path, "--type", "t2").status == 0)
            let (input, output) = (Pipe(), Pipe())
            let started = try Program.start(["chat", path, "--tokens", "2"], output: output, stdin: input)
            input.fileHandleForWriting.write(Data("The king\n".utf8))
            // At the end of the answer the model is loaded, and the program waits for another line.
            var last = Data()
            repeat { last = output.fileHandleForReading.readData(ofLength: 1) } while !last.isEmpty && last != Data("\n".utf8)
            #expect(!last.isEmpty)
            #expect(truncate(path, 4096) == 0)
            input.fileHandleForWriting.write(Data("The queen\n".utf8))
            try input.fileHandleForWriting.close()
            let outcome = try Program.finish(started)
            #expect(outcome.exited && outcome.status == 2, "\(outcome.errors)")
            let line = outcome.errorLines.last.map(String.init) ?? ""
            #expect(line.hasPrefix("vkternary: \(path): byte "), "\(outcome.errors)")
            #expect(line.hasSuffix("cut short, or its disk failed, while it was in use"), "\(outcome.errors)")
        }
    }
}
