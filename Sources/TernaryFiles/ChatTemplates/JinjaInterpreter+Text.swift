extension JinjaInterpreter {
    /// What a value prints as.
    func text(of value: JinjaValue) throws -> [UInt8] {
        switch value {
        case .undefined: return []
        case .string(let text): return text
        case .none: return Array("None".utf8)
        case .bool(let value): return Array((value ? "True" : "False").utf8)
        case .int(let value): return Array("\(value)".utf8)
        case .double(let value): return Array("\(value)".utf8)
        case .list(let elements):
            let parts = try elements.map(quoted)
            try check(length: parts.reduce(0) { $0 + $1.count + 2 })
            return Array("[".utf8) + parts.joined(separator: Array(", ".utf8)) + Array("]".utf8)
        case .object(let object):
            let parts = try object.members.map { try quoted(.string($0.key)) + Array(": ".utf8) + quoted($0.value) }
            try check(length: parts.reduce(0) { $0 + $1.count + 2 })
            return Array("{".utf8) + parts.joined(separator: Array(", ".utf8)) + Array("}".utf8)
        case .namespace, .function, .macro, .method: throw fail("\(value.kind) has no text")
        }
    }

    /// What a value prints as inside a list.
    private func quoted(_ value: JinjaValue) throws -> [UInt8] {
        guard case .string(let text) = value else { return try self.text(of: value) }
        let quote = UInt8(ascii: text.contains(UInt8(ascii: "'")) && !text.contains(UInt8(ascii: "\"")) ? "\"" : "'")
        var result = [quote]
        for byte in text {
            switch byte {
            case 0x0A: result += Array("\\n".utf8)
            case 0x0D: result += Array("\\r".utf8)
            case 0x09: result += Array("\\t".utf8)
            case UInt8(ascii: "\\"), quote: result += [UInt8(ascii: "\\"), byte]
            default: result.append(byte)
            }
        }
        return result + [quote]
    }

    /// A value as JSON, spaced as Python's `json.dumps` spaces it.
    func json(_ value: JinjaValue, indent: Int?, level: Int = 0) throws -> [UInt8] {
        try charge()
        guard level <= 64 else { throw fail("a value nested deeper than 64") }
        func block(_ open: String, _ parts: [[UInt8]], _ close: String) throws -> [UInt8] {
            if parts.isEmpty { return Array("\(open)\(close)".utf8) }
            func newLine(_ level: Int) -> [UInt8] {
                indent.map { [0x0A] + [UInt8](repeating: 0x20, count: $0 * level) } ?? []
            }
            let separator = Array((indent == nil ? ", " : ",").utf8) + newLine(level + 1)
            try check(length: parts.reduce(0) { $0 + $1.count + separator.count })
            return Array(open.utf8) + newLine(level + 1) + parts.joined(separator: separator) + newLine(level) + Array(close.utf8)
        }
        switch value {
        case .none: return Array("null".utf8)
        case .bool(let value): return Array((value ? "true" : "false").utf8)
        case .int, .double: return try text(of: value)
        case .string(let text): return Self.jsonString(text)
        case .list(let elements): return try block("[", elements.map { try json($0, indent: indent, level: level + 1) }, "]")
        case .object(let object):
            let parts = try object.members.map {
                try Self.jsonString($0.key) + Array(": ".utf8) + json($0.value, indent: indent, level: level + 1)
            }
            return try block("{", parts, "}")
        default: throw fail("\(value.kind) has no JSON")
        }
    }

    private static func jsonString(_ text: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var result = [UInt8(ascii: "\"")]
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case 0x0A: result += Array("\\n".utf8)
            case 0x0D: result += Array("\\r".utf8)
            case 0x09: result += Array("\\t".utf8)
            case 0x08: result += Array("\\b".utf8)
            case 0x0C: result += Array("\\f".utf8)
            case 0..<0x20: result += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: result.append(byte)
            }
        }
        return result + [UInt8(ascii: "\"")]
    }
}
