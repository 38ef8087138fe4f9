// The standard library composes characters, but does not publish the function.
@_spi(_Unicode) import Swift

/// One step of a `tokenizer.json`'s normalizer.
enum NormalizerStep: Sendable, Equatable {
    case prepend([UInt8])
    case replace([UInt8], with: [UInt8])
    case strip(left: Bool, right: Bool)
    case lowercase
    /// Unicode's canonical composition.
    case composed

    /// The steps of a normalizer, sequences laid flat.
    static func parse(_ value: JSON, path: String, place: String) throws -> [NormalizerStep] {
        if value.isNull { return [] }
        let fields = try JSONFields(value, path: path, place: place)
        let type = try fields.string("type")
        switch type {
        case "Sequence":
            try fields.allow("type", "normalizers")
            return try (fields.array("normalizers") ?? []).enumerated().flatMap { index, step in
                try parse(step, path: path, place: "\(place).normalizers[\(index)]")
            }
        case "Prepend":
            try fields.allow("type", "prepend")
            return [.prepend(try fields.bytes("prepend"))]
        case "Replace":
            try fields.allow("type", "pattern", "content")
            return [.replace(try stringPattern(fields), with: try fields.bytes("content"))]
        case "Strip":
            try fields.allow("type", "strip_left", "strip_right")
            return [.strip(left: try fields.flag("strip_left") ?? true, right: try fields.flag("strip_right") ?? true)]
        case "Lowercase":
            try fields.allow("type")
            return [.lowercase]
        case "NFC":
            try fields.allow("type")
            return [.composed]
        default:
            throw fields.error("type", "\"\(type)\" is not supported; Sequence, Prepend, Replace, Strip, Lowercase and NFC are")
        }
    }

    /// The pattern of a Replace step, which must be a plain string.
    static func stringPattern(_ fields: JSONFields) throws -> [UInt8] {
        let pattern = try fields.object("pattern")
        guard pattern["Regex"] == nil else { throw fields.error("pattern", "Regex is not supported; String is") }
        try pattern.allow("String")
        let text = try pattern.bytes("String")
        guard !text.isEmpty else { throw fields.error("pattern", "it is empty") }
        return text
    }

    /// Refuses steps that could make a text more than 64 times as long, which no real tokenizer does.
    static func checkGrowth(_ steps: [NormalizerStep], path: String) throws {
        var growth = 1.0
        for step in steps {
            switch step {
            case .prepend(let text): growth *= Double(1 + text.count / 8)
            case .replace(let pattern, let content): growth *= max(1, Double(content.count) / Double(pattern.count))
            case .lowercase: growth *= 1.5
            case .composed: growth *= 3
            case .strip: break
            }
            guard growth <= 64 else { throw FileError(path, at: "normalizer", "its steps together make texts 64 times as long") }
        }
    }

    /// Applies the step to well-formed UTF-8.
    func apply(_ text: [UInt8]) -> [UInt8] {
        switch self {
        case .prepend(let prefix): return text.isEmpty ? text : prefix + text
        case .replace(let pattern, let content): return UTF8Text.replacing(pattern, with: content, in: text)
        case .strip(let left, let right):
            var result = text[...]
            while left, let length = UTF8Text.leadingSpace(result) { result = result.dropFirst(length) }
            while right, let length = UTF8Text.trailingSpace(result) { result = result.dropLast(length) }
            return Array(result)
        case .lowercase:
            var result: [UInt8] = []
            result.reserveCapacity(text.count)
            for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
                result.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
            }
            return result
        case .composed:
            // No ASCII text is touched by it, which most is.
            if text.allSatisfy({ $0 < 0x80 }) { return text }
            var result: [UInt8] = []
            result.reserveCapacity(text.count)
            for scalar in String(decoding: text, as: UTF8.self)._nfc { result.append(contentsOf: String(scalar).utf8) }
            return result
        }
    }
}

extension UTF8Text {
    /// The length of the white space character that well-formed text starts with, or nil.
    static func leadingSpace(_ text: ArraySlice<UInt8>) -> Int? {
        guard let scalar = scalar(text), scalar.properties.isWhitespace else { return nil }
        return characterLength(lead: text[text.startIndex])
    }

    /// The length of the white space character that well-formed text ends with, or nil.
    static func trailingSpace(_ text: ArraySlice<UInt8>) -> Int? {
        guard let last = lastScalar(text), last.properties.isWhitespace else { return nil }
        return String(last).utf8.count
    }

    /// The last Unicode scalar of well-formed text.
    static func lastScalar(_ text: ArraySlice<UInt8>) -> Unicode.Scalar? {
        guard let start = text.lastIndex(where: { $0 & 0xC0 != 0x80 }) else { return nil }
        return scalar(text[start...])
    }

    /// Whether a regular expression's `\w` matches: letters, marks, decimal digits, connectors, joiners (UTS 18, annex C).
    static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        guard let properties = scalar?.properties else { return false }
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return false
        }
    }
}
