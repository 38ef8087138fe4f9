/// A person's turns, which may take several lines each.
struct ChatInput {
    /// What comes next.
    enum Turn: Equatable {
        case text(String)
        /// A command and what stands behind it.
        case command(String, String)
        case end
        case interrupted
    }

    private static let block = "\"\"\""
    private var reader = LineReader()
    /// Shown on a terminal before each line.
    private let prompts: Bool

    /// - Parameter prompts: whether a person looks on.
    init(prompts: Bool) { self.prompts = prompts }

    /// The next turn that is not empty. What is left of an unfinished one at the input's end counts as it is.
    mutating func next() throws -> Turn {
        while true {
            var lines: [Substring] = []
            var inBlock = false
            reading: while true {
                if prompts { try Terminal.write(lines.isEmpty && !inBlock ? "> " : ". ") }
                switch reader.next() {
                case .interrupted: return .interrupted
                case .end:
                    if lines.isEmpty { return .end }
                    break reading
                case .text(let bytes):
                    var line = Substring(String(decoding: bytes, as: UTF8.self))
                    if line.utf8.last == UInt8(ascii: "\r") { line = Substring(line.unicodeScalars.dropLast()) }
                    if !inBlock, lines.isEmpty {
                        if let command = Self.command(line) { return command }
                        if line.hasPrefix(Self.block) {
                            inBlock = true
                            line = line.dropFirst(Self.block.count)
                            if line.isEmpty { continue reading }
                        }
                    }
                    if inBlock {
                        let isLast = line.hasSuffix(Self.block)
                        lines.append(isLast ? line.dropLast(Self.block.count) : line)
                        if isLast { break reading }
                    } else if line.hasSuffix("\\") {
                        lines.append(line.dropLast())
                    } else {
                        lines.append(line)
                        break reading
                    }
                }
            }
            if inBlock, lines.last == "" { lines.removeLast() }
            let text = lines.joined(separator: "\n")
            if !text.unicodeScalars.allSatisfy(\.properties.isWhitespace) { return .text(text) }
        }
    }

    private static func command(_ line: Substring) -> Turn? {
        guard line.first == "/" else { return nil }
        let parts = line.split(separator: " ", maxSplits: 1)
        let rest = parts.count > 1 ? parts[1] : ""
        return .command(String(parts[0]), String(rest.drop { $0 == " " }))
    }
}
