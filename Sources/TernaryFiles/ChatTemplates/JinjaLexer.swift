/// A word or sign inside `{{ }}` or `{% %}`.
enum JinjaToken: Equatable {
    case name(String)
    case string([UInt8])
    case int(Int)
    case double(Double)
    case sign(String)
}

/// A stretch of a template.
enum JinjaPiece {
    case text([UInt8], line: Int)
    case output([JinjaToken], line: Int)
    case block([JinjaToken], line: Int)
}

/// Takes a template apart, as Jinja does with `trim_blocks` and `lstrip_blocks`, which the chat templates are written for.
struct JinjaLexer {
    private let source: [UInt8]
    private var position = 0
    private var line = 1
    private var pieces: [JinjaPiece] = []
    /// Whether what was read last ended a line.
    private var startsLine = true
    private static let signs = ["**", "//", "==", "!=", "<=", ">="] + "+-*/%~<>()[]{},:.|=".map(String.init)

    private init(_ text: [UInt8]) {
        var source = UTF8Text.replacing(Array("\r\n".utf8), with: [UInt8(ascii: "\n")], in: text)
        // As Jinja: one line break at the end is the editor's.
        if source.last == UInt8(ascii: "\n") { source.removeLast() }
        self.source = source
    }

    /// The pieces of well-formed UTF-8.
    static func pieces(_ text: [UInt8]) throws -> [JinjaPiece] {
        var lexer = JinjaLexer(text)
        while lexer.position < lexer.source.count { try lexer.readPiece() }
        return lexer.pieces
    }

    private func starts(_ text: String, at place: Int) -> Bool {
        place + text.utf8.count <= source.count && source[place..<place + text.utf8.count].elementsEqual(text.utf8)
    }

    private func find(_ texts: [String], from start: Int) -> Int? {
        var place = start
        while place < source.count {
            if texts.contains(where: { starts($0, at: place) }) { return place }
            place += 1
        }
        return nil
    }

    private func fail(_ reason: String) -> JinjaError { JinjaError(line: line, reason: reason) }

    private mutating func advance(to end: Int) {
        for byte in source[position..<end] where byte == UInt8(ascii: "\n") { line += 1 }
        position = end
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// Reads text up to a tag, and the tag.
    private mutating func readPiece() throws {
        let start = position
        let open = find(["{{", "{%", "{#"], from: start) ?? source.count
        var text = source[start..<open]
        let kind = open < source.count ? source[open + 1] : 0
        let mark = open + 2 < source.count ? source[open + 2] : 0
        if mark == UInt8(ascii: "-"), kind != 0 {
            while let last = text.last, Self.isSpace(last) { text.removeLast() }
        } else if mark != UInt8(ascii: "+"), kind == UInt8(ascii: "%") || kind == UInt8(ascii: "#") {
            let lineStart = text.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
            if lineStart != nil || startsLine {
                let first = lineStart ?? text.startIndex
                if text[first...].allSatisfy(Self.isSpace) { text = text[..<first] }
            }
        }
        if !text.isEmpty { pieces.append(.text(Array(text), line: line)) }
        advance(to: open)
        guard kind != 0 else { return }
        position += mark == UInt8(ascii: "-") || mark == UInt8(ascii: "+") ? 3 : 2
        let tagLine = line
        switch kind {
        case UInt8(ascii: "#"):
            guard let end = find(["#}"], from: position) else { throw fail("a comment without an end") }
            let strips = end > position && source[end - 1] == UInt8(ascii: "-")
            let keeps = end > position && source[end - 1] == UInt8(ascii: "+")
            advance(to: end + 2)
            endTag(strips: strips, trims: !keeps)
        case UInt8(ascii: "{"):
            let (tokens, mark) = try readTokens(until: "}}")
            pieces.append(.output(tokens, line: tagLine))
            endTag(strips: mark == UInt8(ascii: "-"), trims: false)
        default:
            let (tokens, mark) = try readTokens(until: "%}")
            endTag(strips: mark == UInt8(ascii: "-"), trims: mark != UInt8(ascii: "+"))
            if tokens == [.name("raw")] { try readRaw() } else { pieces.append(.block(tokens, line: tagLine)) }
        }
    }

    /// Takes the white space after a tag that belongs to it.
    private mutating func endTag(strips: Bool, trims: Bool) {
        let start = position
        if strips {
            var end = position
            while end < source.count, Self.isSpace(source[end]) { end += 1 }
            advance(to: end)
        } else if trims, position < source.count, source[position] == UInt8(ascii: "\n") {
            advance(to: position + 1)
        }
        startsLine = position > start && source[position - 1] == UInt8(ascii: "\n")
    }

    /// Text up to `{% endraw %}`, as it is.
    private mutating func readRaw() throws {
        var place = position
        while let open = find(["{%"], from: place) {
            place = open + 2
            var word = place
            while word < source.count, Self.isSpace(source[word]) || source[word] == UInt8(ascii: "-") { word += 1 }
            guard starts("endraw", at: word), let end = find(["%}"], from: word) else { continue }
            pieces.append(.text(Array(source[position..<open]), line: line))
            advance(to: end + 2)
            endTag(strips: source[end - 1] == UInt8(ascii: "-"), trims: true)
            return
        }
        throw fail("raw without endraw")
    }

    /// The tokens of a tag, and the sign in front of its end: `-`, `+` or 0.
    private mutating func readTokens(until end: String) throws -> (tokens: [JinjaToken], mark: UInt8) {
        var tokens: [JinjaToken] = []
        var open = 0
        while position < source.count {
            let byte = source[position]
            if Self.isSpace(byte) {
                advance(to: position + 1)
                continue
            }
            if open == 0 {
                if starts(end, at: position) {
                    position += 2
                    return (tokens, 0)
                }
                if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+"), starts(end, at: position + 1) {
                    position += 3
                    return (tokens, byte)
                }
            }
            let token = try readToken()
            if case .sign(let sign) = token {
                if "([{".contains(sign) { open += 1 }
                if ")]}".contains(sign) { open -= 1 }
            }
            tokens.append(token)
        }
        throw fail("a tag without its \(end)")
    }

    private mutating func readToken() throws -> JinjaToken {
        let byte = source[position]
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            let start = position
            while position < source.count, Self.isNamePart(source[position]) { position += 1 }
            return .name(String(decoding: source[start..<position], as: UTF8.self))
        default:
            guard let sign = Self.signs.first(where: { starts($0, at: position) }) else {
                throw fail("a character that means nothing here")
            }
            position += sign.utf8.count
            return .sign(sign)
        }
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private mutating func readNumber() throws -> JinjaToken {
        let start = position
        var isWhole = true
        func isDigit(_ place: Int) -> Bool { place < source.count && (0x30...0x39).contains(source[place]) }
        while isDigit(position) { position += 1 }
        if position < source.count, source[position] == UInt8(ascii: "."), isDigit(position + 1) {
            isWhole = false
            position += 1
            while isDigit(position) { position += 1 }
        }
        let text = String(decoding: source[start..<position], as: UTF8.self)
        if isWhole, let value = Int(text) { return .int(value) }
        guard !isWhole, text.utf8.count <= 64, let value = Double(text) else { throw fail("a number out of range") }
        return .double(value)
    }

    private mutating func readString() throws -> [UInt8] {
        let quote = source[position]
        position += 1
        var text: [UInt8] = []
        while position < source.count {
            let byte = source[position]
            advance(to: position + 1)
            if byte == quote { return text }
            guard byte == UInt8(ascii: "\\"), position < source.count else {
                text.append(byte)
                continue
            }
            let escaped = source[position]
            advance(to: position + 1)
            switch escaped {
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(escaped)
            case UInt8(ascii: "\n"): break
            case UInt8(ascii: "u"), UInt8(ascii: "x"):
                let count = escaped == UInt8(ascii: "u") ? 4 : 2
                guard position + count <= source.count,
                    let value = UInt32(String(decoding: source[position..<position + count], as: UTF8.self), radix: 16),
                    let scalar = Unicode.Scalar(value)
                else { throw fail("an escape that is no character") }
                position += count
                text += Array(String(scalar).utf8)
            default: text += [byte, escaped]
            }
        }
        throw fail("a string without an end")
    }
}
