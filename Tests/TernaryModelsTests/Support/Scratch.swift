import Foundation

/// A directory of a test's own, removed when the test lets go of it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "vkternary-models-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Little-endian elements, one behind the other, as numpy's `tofile` writes them.
    func array<Element: BitwiseCopyable>(_ name: String, as element: Element.Type) throws -> [Element] {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))
        return data.withUnsafeBytes { raw in
            (0..<raw.count / MemoryLayout<Element>.stride).map {
                raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.stride, as: Element.self)
            }
        }
    }

    func floats(_ name: String) throws -> [Float] { try array(name, as: Float.self) }
    func integers(_ name: String) throws -> [Int] { try array(name, as: Int32.self).map { Int($0) } }
}

/// What stands beside the repository and the programs that read it; tests that need them say why they skip.
enum Shared {
    /// The directory, where it holds this; nil, saying so, where it does not.
    static func directory(_ name: String, holding file: String) -> String? {
        let path = FileManager.default.currentDirectoryPath + "/../shared/" + name
        if FileManager.default.fileExists(atPath: "\(path)/\(file)") { return path }
        print("skipping: needs ../shared/\(name)")
        return nil
    }

    static let oracle = directory("oracle", holding: "matmulfree.py")
    static let stories = directory("models/stories", holding: "upstream-logits.npz")

    /// Whether python3 has the modules that read these.
    static let hasPython: Bool = {
        if let run = try? python("import numpy, safetensors"), run.code == 0 { return true }
        print("skipping: needs python3 with numpy and safetensors")
        return false
    }()

    /// Runs a script; its arguments are `sys.argv[1...]`.
    static func python(_ script: String, _ arguments: [String] = []) throws -> (code: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
