extension JinjaInterpreter {
    /// What can be called on a string.
    static let stringMethods: Set<String> = [
        "strip", "lstrip", "rstrip", "split", "startswith", "endswith", "replace", "upper", "lower", "title", "capitalize",
        "find",
        "join", "splitlines", "removeprefix", "removesuffix", "count", "isdigit",
    ]

    /// Calls a function of a value.
    func method(_ value: JinjaValue, _ name: String, _ arguments: [JinjaValue]) throws -> JinjaValue {
        switch value {
        case .object(let object):
            switch name {
            case "items": return .list(object.members.map { .list([.string($0.key), $0.value]) })
            case "keys": return .list(object.members.map { .string($0.key) })
            case "values": return .list(object.members.map(\.value))
            default:
                guard case .string(let key)? = arguments.first else { throw fail("get takes a key") }
                return object[key] ?? (arguments.count > 1 ? arguments[1] : .none)
            }
        case .string(let text): return try method(of: text, name, arguments)
        default: throw fail("\(value.kind) has no function '\(name.forMessage)'")
        }
    }

    private func method(of text: [UInt8], _ name: String, _ arguments: [JinjaValue]) throws -> JinjaValue {
        try charge(text.count / 256)
        func string(_ index: Int) throws -> [UInt8] {
            guard arguments.count > index, case .string(let argument) = arguments[index] else {
                throw fail("\(name) takes a string")
            }
            return argument
        }
        func strings() throws -> [[UInt8]] {
            guard case .list(let all)? = arguments.first else { return [try string(0)] }
            return try all.map { if case .string(let text) = $0 { text } else { throw fail("\(name) takes strings") } }
        }
        switch name {
        case "strip", "lstrip", "rstrip":
            let set = arguments.isEmpty ? nil : try string(0)
            return .string(Self.strip(text, left: name != "rstrip", right: name != "lstrip", set))
        case "startswith": return .bool(try strings().contains { text.starts(with: $0) })
        case "endswith": return .bool(try strings().contains { text.reversed().starts(with: $0.reversed()) })
        case "removeprefix":
            let prefix = try string(0)
            return .string(text.starts(with: prefix) ? Array(text.dropFirst(prefix.count)) : text)
        case "removesuffix":
            let suffix = try string(0)
            return .string(text.reversed().starts(with: suffix.reversed()) ? Array(text.dropLast(suffix.count)) : text)
        case "replace":
            return .string(try replacing(text, string(0), string(1), most: arguments.count > 2 ? arguments[2].integer : nil))
        case "split":
            let most = arguments.count > 1 ? arguments[1].integer.flatMap { $0 < 0 ? nil : $0 } : nil
            if arguments.isEmpty || arguments[0].isNone { return .list(try words(text, most: most).map { .string($0) }) }
            let separator = try string(0)
            guard !separator.isEmpty else { throw fail("split takes a separator that is not empty") }
            return .list(try split(text, separator, most: most).map { .string($0) })
        case "splitlines":
            var lines = try split(UTF8Text.replacing([0x0D, 0x0A], with: [0x0A], in: text), [0x0A], most: nil)
            if lines.last == [] { lines.removeLast() }
            return .list(lines.map { .string($0) })
        case "find":
            guard let found = Self.find(try string(0), in: text[...]) else { return .int(-1) }
            return .int(String(decoding: text[..<found], as: UTF8.self).unicodeScalars.count)
        case "count":
            let part = try string(0)
            return .int(part.isEmpty ? 0 : try split(text, part, most: nil).count - 1)
        case "isdigit": return .bool(!text.isEmpty && text.allSatisfy { (0x30...0x39).contains($0) })
        case "join": return try filter(arguments.first ?? .none, "join", [.string(text)], named: [])
        default: return try filter(.string(text), name, [], named: [])
        }
    }

    /// A string without the white space, or the characters of a set, at its ends.
    static func strip(_ text: [UInt8], left: Bool, right: Bool, _ set: [UInt8]?) -> [UInt8] {
        let scalars = set.map { Set(String(decoding: $0, as: UTF8.self).unicodeScalars) }
        func goes(_ scalar: Unicode.Scalar) -> Bool {
            // Python's white space includes four separators that Unicode's does not.
            scalars.map { $0.contains(scalar) } ?? (scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value))
        }
        var rest = text[...]
        while left, let first = UTF8Text.scalar(rest), goes(first) { rest = rest.dropFirst(UTF8.width(first)) }
        while right, let last = UTF8Text.lastScalar(rest), goes(last) { rest = rest.dropLast(UTF8.width(last)) }
        return Array(rest)
    }

    private func split(_ text: [UInt8], _ separator: [UInt8], most: Int?) throws -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var rest = text[...]
        while parts.count < most ?? Int.max, let found = Self.find(separator, in: rest) {
            try charge()
            parts.append(Array(rest[..<found]))
            rest = rest[(found + separator.count)...]
        }
        return parts + [Array(rest)]
    }

    /// Split at white space, of which there may be any amount.
    private func words(_ text: [UInt8], most: Int?) throws -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var rest = Self.strip(text, left: true, right: false, nil)[...]
        while !rest.isEmpty {
            try charge()
            guard parts.count < most ?? Int.max else { return parts + [Self.strip(Array(rest), left: false, right: true, nil)] }
            var end = rest.startIndex
            while end < rest.endIndex, UTF8Text.leadingSpace(rest[end...]) == nil {
                end += UTF8Text.characterLength(lead: rest[end])
            }
            parts.append(Array(rest[..<end]))
            rest = rest[end...]
            while let length = UTF8Text.leadingSpace(rest) { rest = rest.dropFirst(length) }
        }
        return parts
    }

    /// A string with the first `most` occurrences of another replaced.
    func replacing(_ text: [UInt8], _ part: [UInt8], _ content: [UInt8], most: Int?) throws -> [UInt8] {
        guard !part.isEmpty else { throw fail("replace takes a string that is not empty") }
        let parts = try split(text, part, most: most.flatMap { $0 < 0 ? nil : $0 })
        try check(length: parts.reduce(0) { $0 + $1.count + content.count })
        return Array(parts.joined(separator: content))
    }
}

extension JinjaValue {
    /// Whether it is `none`.
    var isNone: Bool {
        guard case .none = self else { return false }
        return true
    }
}
