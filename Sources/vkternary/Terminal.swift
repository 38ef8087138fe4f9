import Glibc

/// The terminal's two ends: text goes to standard output, everything about it to standard error.
enum Terminal {
    /// Whether a person reads standard error.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }
    /// Whether a person types at standard input.
    static var hasKeyboard: Bool { isatty(STDIN_FILENO) == 1 }

    /// Writes to standard output at once, so that text streams through pipes.
    static func write(_ text: String) throws { try write(Array(text.utf8), to: STDOUT_FILENO) }

    /// A line on standard error.
    static func note(_ line: String) { try? write(Array((line + "\n").utf8), to: STDERR_FILENO) }

    /// Text on standard error as it is.
    static func show(_ text: String) { try? write(Array(text.utf8), to: STDERR_FILENO) }

    private static func write(_ bytes: [UInt8], to file: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw OutputClosed()
            }
            rest = rest.dropFirst(count)
        }
    }

    /// All of standard input.
    static func readAll() -> [UInt8] {
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return text }
            text += chunk[..<count]
        }
    }
}

/// Nobody reads our output any more, as with `vkternary run | head`.
struct OutputClosed: Error {}

/// A bar on standard error where a person sees it, nothing elsewhere.
struct ProgressBar {
    private let label: String
    private let isShown: Bool
    private var lastShown = -1

    init(_ label: String, isShown: Bool = true) {
        self.label = label
        self.isShown = isShown && Terminal.isInteractive
    }

    /// Shows a share of the work, 0 to 1.
    mutating func update(_ share: Double) {
        let percent = Int(share * 100)
        guard isShown, percent != lastShown else { return }
        lastShown = percent
        let filled = percent * 30 / 100
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
        show("\r\(label) [\(bar)] \(percent)%")
    }

    /// Takes the bar away.
    func finish() {
        if isShown && lastShown >= 0 { show("\r\u{1B}[K") }
    }

    private func show(_ text: String) { Terminal.show(text) }
}
