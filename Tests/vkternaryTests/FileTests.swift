import Foundation
import Testing

@Suite("vkternary with files") struct FileTests {
    private static let stories = "Sources/CStories/stories.gguf"

    @Test(
        "what is no model gives one line and exit code 2",
        arguments: ["missing", "empty", "text", "directory", "header", "cut", "config", "/dev/null"])
    func notAModel(_ kind: String) throws {
        try Program.inFolder { folder in
            var path = "\(folder)/\(kind)"
            switch kind {
            case "empty": try Data().write(to: URL(fileURLWithPath: path))
            case "text": try Data("hello".utf8).write(to: URL(fileURLWithPath: path))
            case "directory": path = folder
            case "header":
                let header = Data("GGUF".utf8) + Data([3, 0, 0, 0]) + Data(repeating: 0x7F, count: 16)
                try header.write(to: URL(fileURLWithPath: path))
            case "cut":
                try Data(contentsOf: URL(fileURLWithPath: Self.stories)).prefix(200_000).write(to: URL(fileURLWithPath: path))
            case "config":
                path = folder
                try Data(#"{"model_type": "llama"}"#.utf8).write(to: URL(fileURLWithPath: "\(folder)/config.json"))
            case "/dev/null": path = kind
            default: break
            }
            for command in ["run", "inspect", "verify"] {
                let outcome = try Program.run(command, path)
                #expect(outcome.exited && outcome.status == 2, "\(command) \(kind): \(outcome.errors)")
                #expect(outcome.errorLines.count == 1 && outcome.errors.contains(path), "\(outcome.errors)")
                #expect(outcome.output.isEmpty)
            }
        }
    }

    @Test("a transformer is converted, with a rounded head where that is asked for") func transformer() throws {
        try Program.inFolder { folder in
            let (source, target) = ("Tests/Fixtures/transformers/gguf-tq1.gguf", "\(folder)/m.gguf")
            func types() throws -> [String] {
                let lines = try Program.run("inspect", target, "--tensors").output.split(separator: "\n")
                return ["output.weight", "blk.0.ffn_up.weight"].map { name in
                    lines.first { $0.contains(" \(name) ") }.map(String.init) ?? "none"
                }
            }
            #expect(try Program.run("convert", source, target).status == 0)
            #expect(try types()[0].contains("BF16") && types()[1].contains("TQ2_0"))
            let refused = try Program.run("convert", source, target)
            #expect(refused.status == 2 && refused.errors.contains("--force"))
            let rounded = try Program.run("convert", source, target, "--force", "--type", "tq1_0", "--quantize-head", "q8_0")
            #expect(rounded.status == 0, "\(rounded.errors)")
            #expect(try types()[0].contains("Q8_0") && types()[1].contains("TQ1_0"))
            let ternary = try Program.run("convert", Self.stories, "\(folder)/s.gguf", "--quantize-head", "q8_0")
            #expect(ternary.status == 2 && ternary.errors.contains("--quantize-head"))
        }
    }

    @Test("a GGUF file of another architecture is refused by its name") func otherArchitecture() throws {
        try Program.inFolder { folder in
            var data = try Data(contentsOf: URL(fileURLWithPath: Self.stories))
            let name = try #require(data.range(of: Data("hgrn-bit".utf8)))
            data.replaceSubrange(name, with: Data("llamalam".utf8))
            let path = "\(folder)/other.gguf"
            try data.write(to: URL(fileURLWithPath: path))
            let outcome = try Program.run("inspect", path)
            #expect(outcome.status == 2 && outcome.errors.contains("llamalam"))
        }
    }

    @Test("convert gives the same text, does not replace a file unasked, and never its source") func convert() throws {
        try Program.inFolder { folder in
            let path = "\(folder)/copy.gguf"
            #expect(try Program.run("convert", Self.stories, path, "--type", "tq2_0").status == 0)
            let ours = try Program.run("run", "--prompt", "The", "--tokens", "8", "--temperature", "0")
            let copy = try Program.run("run", path, "--prompt", "The", "--tokens", "8", "--temperature", "0")
            #expect(ours.output == copy.output)
            let again = try Program.run("convert", Self.stories, path)
            #expect(again.status == 2 && again.errors.contains("--force"))
            #expect(try Program.run("convert", Self.stories, path, "--force").status == 0)
            #expect(try Program.run("convert", path, path, "--force").status == 2)
            #expect(try Program.run("convert", "\(folder)/none", "\(folder)/new.gguf").status == 2)
            #expect(try Program.run("convert", path, "\(folder)/no/new.gguf").status == 2)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["copy.gguf"], "no half-written file stays")
        }
    }

    @Test("convert takes a source or --random, not both") func convertArguments() throws {
        for arguments in [["only.gguf"], ["--random", "370m", "a", "b.gguf"], ["--random", "7b", "a.gguf"]] {
            let outcome = try Program.finish(Program.start(["convert"] + arguments))
            #expect(outcome.status == 64, "\(arguments)")
        }
    }

    @Test("logits refuses a path that is no file before it starts, and leaves devices alone") func badDestination() throws {
        for path in ["/dev/null", "/", "/no/such/folder/x.npz"] {
            let outcome = try Program.run("logits", "--tokens", "1", "--out", path)
            #expect(outcome.status == 2 && outcome.errorLines.count == 1)
        }
        var status = stat()
        #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }

    @Test("logits writes an archive NumPy reads, with these arrays") func archive() throws {
        try Program.inFolder { folder in
            let path = "\(folder)/x.npz"
            #expect(try Program.run("logits", "--tokens", "1, 2,3", "--out", path, "--hidden").status == 0)
            let python = Process()
            python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            python.arguments = [
                "python3", "-c",
                """
                import sys
                try: import numpy
                except ImportError: sys.exit(77)
                a = numpy.load(sys.argv[1])
                assert {k: (str(a[k].dtype), a[k].shape) for k in a} == {"tokens": ("int64", (3,)),
                    "logits": ("float32", (3, 4096)), "state": ("float32", (8, 512)), "hidden": ("float32", (9, 3, 512))}
                assert a["tokens"].tolist() == [1, 2, 3] and numpy.isfinite(a["logits"]).all()
                """, path,
            ]
            try python.run()
            python.waitUntilExit()
            if [77, 127].contains(python.terminationStatus) {
                print("Not checked: the archive's content, for want of Python with NumPy.")
            } else {
                #expect(python.terminationStatus == 0)
            }
        }
    }

    @Test("logits refuses ids outside the vocabulary", arguments: ["", "1,,2", "4096", "-1", "x", "1;2"])
    func badTokens(_ tokens: String) throws {
        let outcome = try Program.run("logits", "--tokens", tokens, "--out", "/tmp/never-\(UUID()).npz")
        #expect(outcome.exited && outcome.status == 64 && outcome.errorLines.count == 1)
    }
}
