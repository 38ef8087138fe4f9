import Glibc
import TernaryFiles

/// Text from outside: files, pipes and the keyboard, as bytes.
enum TextInput {
    /// Longest text, in bytes.
    static let limit = 64 << 20

    /// A prompt: all of a file or of standard input, but for one line break at its end, an editor's.
    ///
    /// - Throws: `FileError` where it cannot be read or is longer than `limit`.
    static func prompt(in path: String) throws -> [UInt8] {
        var text = try all(of: path)
        if text.last == UInt8(ascii: "\n") {
            text.removeLast()
            if text.last == UInt8(ascii: "\r") { text.removeLast() }
        }
        return text
    }

    /// What a path is called in messages.
    static func name(of path: String) -> String { path == "-" ? "standard input" : path }

    /// All of a file, or of standard input where the path is '-'; pipes are read too.
    ///
    /// - Throws: `FileError` where it cannot be read or is longer than `limit`.
    static func all(of path: String) throws -> [UInt8] {
        let isStandardInput = path == "-"
        let name = name(of: path)
        let file = isStandardInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError(name, "cannot be opened: \(String(cString: strerror(errno)))") }
        defer { if !isStandardInput { close(file) } }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            // A program that was started without a standard input has an empty one.
            if count == 0 || (count < 0 && isStandardInput && errno == EBADF) { break }
            guard count > 0 else { throw FileError(name, "cannot be read: \(String(cString: strerror(errno)))") }
            text += chunk[..<count]
            guard text.count <= limit else { throw FileError(name, "is longer than the \(limit) bytes that a text may have") }
        }
        return text
    }
}

/// Lines from the keyboard.
struct LineReader {
    /// What a person did.
    enum Line: Equatable {
        case text([UInt8])
        /// Ctrl-D, or the terminal went away.
        case end
        /// Ctrl-C.
        case interrupted
    }

    private var waiting: [UInt8] = []

    /// The next line without its line break. Ctrl-C forgets what was typed so far.
    mutating func next() -> Line {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            if let end = waiting.firstIndex(of: UInt8(ascii: "\n")) {
                defer { waiting.removeFirst(end + 1) }
                return .text(Array(waiting[..<end]))
            }
            guard waiting.count <= TextInput.limit else { return .end }
            let count = chunk.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if Interrupt.isPending {
                waiting = []
                return .interrupted
            }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 {
                guard !waiting.isEmpty else { return .end }
                defer { waiting = [] }
                return .text(waiting)
            }
            waiting += chunk[..<count]
        }
    }
}
