import TernaryCore

/// A JSON document (RFC 8259), its strings kept as UTF-8 bytes.
///
/// Foundation's decoder is not used: its strings compare by Unicode equivalence, and a vocabulary may well hold two tokens that
/// differ only in that ("é" precomposed and decomposed); and it would double the size of the binary.
public enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number as written.
    case number(Double)
    /// UTF-8, escapes resolved; lone surrogates become U+FFFD.
    case string([UInt8])
    case array([JSON])
    /// Members in order of appearance, duplicate keys included.
    case object([Member])

    /// One key and its value.
    public struct Member: Sendable, Equatable {
        /// UTF-8, escapes resolved.
        public let key: [UInt8]
        /// What stands behind the colon.
        public let value: JSON
    }

    /// The text is not JSON.
    public struct SyntaxError: Error, Equatable, CustomStringConvertible {
        /// Byte offset at which parsing failed.
        public let offset: Int
        /// What was expected.
        public let reason: String
        /// One line.
        public var description: String { "invalid JSON at byte \(offset): \(reason)" }
    }

    /// Arrays and objects may nest this deep; deeper text is refused, not recursed into.
    public static let deepest = 128

    /// Parses one document; anything but white space after it is an error.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(SyntaxError) {
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }

    /// Parses one document.
    public init(parsing bytes: [UInt8]) throws {
        self = try bytes.withUnsafeBytes { try JSON(parsing: $0) }
    }

    /// The value of the last member with this key, as most readers take it; nil where there is none or this is no object.
    public subscript(key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        let wanted = Array(key.utf8)
        return members.last { $0.key == wanted }?.value
    }

    /// The text of a string.
    public var string: String? {
        guard case .string(let bytes) = self else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The UTF-8 of a string.
    public var stringBytes: [UInt8]? {
        guard case .string(let bytes) = self else { return nil }
        return bytes
    }

    /// A number that is whole and fits an Int.
    public var int: Int? {
        guard case .number(let value) = self else { return nil }
        return Int(exactly: value)
    }

    /// A number.
    public var double: Double? {
        guard case .number(let value) = self else { return nil }
        return value
    }

    /// A truth value.
    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The elements of an array.
    public var array: [JSON]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members of an object.
    public var object: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// Whether this is `null`.
    public var isNull: Bool { self == .null }
}

private struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    var position = 0
    var depth = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func document() throws(JSON.SyntaxError) -> JSON {
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw error("text after the document's end") }
        return value
    }

    func error(_ reason: String) -> JSON.SyntaxError { JSON.SyntaxError(offset: position, reason: reason) }

    mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func value() throws(JSON.SyntaxError) -> JSON {
        skipSpace()
        guard position < bytes.count else { throw error("the text ends where a value should be") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    mutating func literal(_ text: StaticString, _ value: JSON) throws(JSON.SyntaxError) -> JSON {
        for i in 0..<text.utf8CodeUnitCount {
            guard take(text.utf8Start[i]) else { throw error("expected \(text)") }
        }
        return value
    }

    mutating func enter() throws(JSON.SyntaxError) {
        depth += 1
        guard depth <= JSON.deepest else { throw error("nested deeper than \(JSON.deepest)") }
    }

    mutating func array() throws(JSON.SyntaxError) -> JSON {
        try enter()
        position += 1
        var elements: [JSON] = []
        skipSpace()
        if !take(UInt8(ascii: "]")) {
            repeat {
                elements.append(try value())
                skipSpace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw error("expected ',' or ']'") }
        }
        depth -= 1
        return .array(elements)
    }

    mutating func object() throws(JSON.SyntaxError) -> JSON {
        try enter()
        position += 1
        var members: [JSON.Member] = []
        skipSpace()
        if !take(UInt8(ascii: "}")) {
            repeat {
                skipSpace()
                guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw error("expected a key") }
                let key = try string()
                skipSpace()
                guard take(UInt8(ascii: ":")) else { throw error("expected ':'") }
                members.append(JSON.Member(key: key, value: try value()))
                skipSpace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw error("expected ',' or '}'") }
        }
        depth -= 1
        return .object(members)
    }

    mutating func number() throws(JSON.SyntaxError) -> JSON {
        let start = position
        func isDigit(_ at: Int) -> Bool { at < bytes.count && bytes[at] >= 0x30 && bytes[at] <= 0x39 }
        _ = take(UInt8(ascii: "-"))
        guard isDigit(position) else { throw error("expected a value") }
        if bytes[position] == 0x30 { position += 1 } else { while isDigit(position) { position += 1 } }
        if take(UInt8(ascii: ".")) {
            guard isDigit(position) else { throw error("expected a digit after '.'") }
            while isDigit(position) { position += 1 }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard isDigit(position) else { throw error("expected an exponent") }
            while isDigit(position) { position += 1 }
        }
        guard position - start <= 64, let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite
        else { throw error("a number out of range") }
        return .number(value)
    }

    mutating func string() throws(JSON.SyntaxError) -> [UInt8] {
        position += 1
        var text: [UInt8] = []
        while true {
            let start = position
            while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\"),
                bytes[position] >= 0x20
            {
                position += 1
            }
            text.append(contentsOf: bytes[start..<position])
            guard position < bytes.count else { throw error("a string without an end") }
            if take(UInt8(ascii: "\"")) { return text }
            guard take(UInt8(ascii: "\\")) else { throw error("a control character in a string") }
            try escape(into: &text)
        }
    }

    mutating func escape(into text: inout [UInt8]) throws(JSON.SyntaxError) {
        guard position < bytes.count else { throw error("a string without an end") }
        let kind = bytes[position]
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(kind)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = try hex4()
            if (0xD800...0xDBFF).contains(scalar), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            {
                let mark = position
                position += 2
                let low = try hex4()
                if (0xDC00...0xDFFF).contains(low) {
                    scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
                } else {
                    position = mark
                }
            }
            text.append(contentsOf: String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
        default:
            position -= 1
            throw error("an unknown escape")
        }
    }

    mutating func hex4() throws(JSON.SyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw error("expected four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
