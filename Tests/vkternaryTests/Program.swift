import Foundation
import Glibc

/// The built program as a user starts it: a child process.
enum Program {
    /// What a run left behind.
    struct Outcome {
        var status: Int32
        /// Whether it exited by itself, not by a signal such as a trap's.
        var exited: Bool
        var output: String
        var errors: String

        /// The lines on standard error but for the note that there is no GPU.
        var errorLines: [Substring] { errors.split(separator: "\n").filter { !$0.contains("no GPU to run on") } }
    }

    /// Beside the test bundle, where SwiftPM builds it.
    private static let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("vkternary")

    /// Starts the program on the CPU.
    ///
    /// - Parameters:
    ///   - input: all of its standard input, where `stdin` is not given.
    ///   - stdin: is written and closed by the test.
    static func start(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], output: Pipe = Pipe(),
        stdin: Pipe? = nil
    ) throws -> (process: Process, output: Pipe, errors: URL) {
        let process = Process()
        process.executableURL = path
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment
        variables["VKTERNARY_DEVICE"] = "cpu"
        process.environment = variables.merging(environment) { $1 }
        let errors = FileManager.default.temporaryDirectory.appendingPathComponent("vkternary-\(UUID()).errors")
        try Data().write(to: errors)
        process.standardError = try FileHandle(forWritingTo: errors)
        let pipe = stdin ?? Pipe()
        process.standardInput = pipe
        process.standardOutput = output
        try process.run()
        // A program that hangs fails its test; it must not hang the suite.
        let id = process.processIdentifier
        DispatchQueue.global().asyncAfter(deadline: .now() + 300) { if process.isRunning { kill(id, SIGKILL) } }
        if stdin == nil {
            pipe.fileHandleForWriting.write(Data(input.utf8))
            try pipe.fileHandleForWriting.close()
        }
        return (process, output, errors)
    }

    /// Runs it to its end.
    static func run(
        _ arguments: String..., input: String = "", environment: [String: String] = [:]
    ) throws -> Outcome {
        try finish(start(arguments, input: input, environment: environment))
    }

    /// Waits for the end.
    static func finish(_ started: (process: Process, output: Pipe, errors: URL)) throws -> Outcome {
        let output = started.output.fileHandleForReading.readDataToEndOfFile()
        started.process.waitUntilExit()
        defer { try? FileManager.default.removeItem(at: started.errors) }
        return Outcome(
            status: started.process.terminationStatus, exited: started.process.terminationReason == .exit,
            output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: started.errors), as: UTF8.self))
    }

    /// Runs `body` with a folder of its own.
    static func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vkternary-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }
}
