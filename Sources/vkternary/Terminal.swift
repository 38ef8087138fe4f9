import Glibc
import TernaryFiles

/// The terminal's two ends: text goes to standard output, everything about it to standard error.
enum Terminal {
    /// Whether a person reads standard error.
    static var showsNotes: Bool { isatty(STDERR_FILENO) == 1 }
    /// Whether a person types at standard input.
    static var hasKeyboard: Bool { isatty(STDIN_FILENO) == 1 }
    /// Whether a person can be talked with: types at standard input and reads standard output.
    static var isInteractive: Bool { hasKeyboard && isatty(STDOUT_FILENO) == 1 }

    /// Writes to standard output at once, so that text streams through pipes.
    static func write(_ text: String) throws { try write(Array(text.utf8), to: STDOUT_FILENO) }

    /// Writes bytes to standard output at once.
    static func write(_ text: [UInt8]) throws { try write(text, to: STDOUT_FILENO) }

    /// Lines on standard output. They may quote a file, so nothing in them moves the cursor.
    static func writeLines(_ lines: [String]) throws { try write(lines.map { printable($0) + "\n" }.joined()) }

    /// A line on standard error. It may quote a file, so nothing in it moves the cursor.
    static func note(_ line: String) { show(printable(line) + "\n") }

    /// Text on standard error as it is.
    static func show(_ text: String) { try? write(Array(text.utf8), to: STDERR_FILENO) }

    private static func write(_ bytes: [UInt8], to file: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EPIPE { throw OutputClosed() }
                throw FileError("standard output", "cannot be written: \(String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Control characters, but for line breaks, written as their numbers.
    static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar.properties.generalCategory == .control && scalar != "\n" {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// Nobody reads our output any more, as with `vkternary run | head`.
struct OutputClosed: Error {}
