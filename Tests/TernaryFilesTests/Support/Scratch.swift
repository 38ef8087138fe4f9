import Foundation

/// A directory of a test's own, removed when the test lets go of it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "vkternary-files-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }

    func read(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))) }
}

/// Programs that some tests compare with; those tests say why they skip where one is missing.
enum Python {
    /// Runs python3 and returns its exit code and what it printed.
    static func run(_ arguments: [String]) throws -> (code: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    /// Whether python3 has these modules; prints why not.
    static func has(_ modules: String) -> Bool {
        let found = (try? run(["-c", "import \(modules)"]).code) == 0
        if !found { print("skipped: needs python3 with \(modules)") }
        return found
    }

    /// Where the numpy oracle stands, beside the repository; nil, saying so, where it is absent.
    static let oracleDirectory: String? = {
        let path = FileManager.default.currentDirectoryPath + "/../shared/oracle"
        guard FileManager.default.fileExists(atPath: path + "/matmulfree.py") else {
            print("skipped: needs ../shared/oracle")
            return nil
        }
        return path
    }()
}
