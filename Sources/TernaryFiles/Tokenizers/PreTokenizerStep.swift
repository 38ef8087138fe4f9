/// One step of a `tokenizer.json`'s pre-tokenizer; each splits every stretch that the one before it left.
enum PreTokenizerStep: Sendable {
    case metaspace(PipelineDescription.Metaspace)
    case split(WordPattern, SplitBehavior, isInverted: Bool)
    /// Bytes become the characters that stand for them, after a split by GPT-2's pattern where asked for.
    case byteLevel(addsSpace: Bool, splits: Bool)
    case kind(ScalarKind.RawValue, SplitBehavior)

    /// What becomes of the stretches that match.
    enum SplitBehavior: String {
        case isolated = "Isolated"
        case removed = "Removed"
        case contiguous = "Contiguous"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
    }

    /// The steps of a pre-tokenizer, sequences laid flat.
    static func parse(_ value: JSON, path: String, place: String) throws -> [PreTokenizerStep] {
        if value.isNull { return [] }
        let fields = try JSONFields(value, path: path, place: place)
        let type = try fields.string("type")
        switch type {
        case "Sequence":
            try fields.allow("type", "pretokenizers")
            return try (fields.array("pretokenizers") ?? []).enumerated().flatMap { index, step in
                try parse(step, path: path, place: "\(place).pretokenizers[\(index)]")
            }
        case "Metaspace": return [.metaspace(try PipelineDescription.metaspace(fields))]
        case "ByteLevel":
            try fields.allow("type", "add_prefix_space", "trim_offsets", "use_regex")
            return [
                .byteLevel(
                    addsSpace: try fields.flag("add_prefix_space") ?? true, splits: try fields.flag("use_regex") ?? true)
            ]
        case "Split":
            try fields.allow("type", "pattern", "behavior", "invert")
            return [
                .split(
                    try pattern(fields), try behavior(fields, absent: nil), isInverted: try fields.flag("invert") ?? false)
            ]
        case "Digits":
            try fields.allow("type", "individual_digits")
            let isIndividual = try fields.flag("individual_digits") ?? false
            return [.kind(ScalarKind.number.rawValue, isIndividual ? .isolated : .contiguous)]
        case "Punctuation":
            try fields.allow("type", "behavior")
            return [.kind(ScalarKind.punctuation.rawValue, try behavior(fields, absent: .isolated))]
        case "Whitespace":
            try fields.allow("type")
            return [.split(.words, .removed, isInverted: true)]
        case "WhitespaceSplit":
            try fields.allow("type")
            return [.kind(ScalarKind.space.rawValue, .removed)]
        default:
            throw fields.error(
                "type",
                "\"\(type.forMessage)\" is not supported; Sequence, ByteLevel, Split, Digits, Punctuation, Whitespace, "
                    + "WhitespaceSplit and Metaspace are")
        }
    }

    private static func behavior(_ fields: JSONFields, absent: SplitBehavior?) throws -> SplitBehavior {
        if fields["behavior"] == nil, let absent { return absent }
        let name = try fields.string("behavior")
        guard let behavior = SplitBehavior(rawValue: name) else {
            throw fields.error("behavior", "\"\(name.forMessage)\" is not one of the library's")
        }
        return behavior
    }

    private static func pattern(_ fields: JSONFields) throws -> WordPattern {
        let pattern = try fields.object("pattern")
        try pattern.allow("String", "Regex")
        if pattern["String"] != nil {
            let string = try pattern.bytes("String")
            guard !string.isEmpty else { throw fields.error("pattern", "it is empty") }
            return .string(string)
        }
        let text = try pattern.string("Regex")
        if let known = WordPattern(regularExpression: text) { return known }
        let shown = String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 }.prefix(400)))
        throw fields.error("pattern", "the regular expression \"\(shown)\" is none of those that are known here")
    }

    /// Splits a stretch of well-formed text.
    ///
    /// - Parameter startsText: whether it stands at the text's beginning.
    func apply(_ text: ArraySlice<UInt8>, startsText: Bool) -> [ArraySlice<UInt8>] {
        switch self {
        case .metaspace(let metaspace): return metaspace.apply(text, startsText: startsText)
        case .split(let pattern, let behavior, let isInverted):
            return behavior.apply(pattern.segments(text).map { ($0.bytes, $0.isMatch != isInverted) }, of: text)
        case .kind(let kind, let behavior):
            return behavior.apply(WordPattern.run(kind, least: 1, most: 1).segments(text), of: text)
        case .byteLevel(let addsSpace, let splits):
            let text = addsSpace && text.first != UInt8(ascii: " ") ? ([UInt8(ascii: " ")] + text)[...] : text
            return (splits ? WordPattern.gpt2.segments(text).map(\.bytes) : [text]).map { ByteAlphabet.spell($0)[...] }
        }
    }
}

extension PreTokenizerStep.SplitBehavior {
    /// Joins a text's segments, which lie side by side, as the Hugging Face library does.
    func apply(
        _ segments: [(bytes: ArraySlice<UInt8>, isMatch: Bool)], of text: ArraySlice<UInt8>
    ) -> [ArraySlice<UInt8>] {
        var words: [ArraySlice<UInt8>] = []
        func join(_ bytes: ArraySlice<UInt8>) {
            guard let last = words.last else { return words.append(bytes) }
            words[words.count - 1] = text[last.startIndex..<bytes.endIndex]
        }
        for (index, segment) in segments.enumerated() {
            let before = index > 0 ? segments[index - 1].isMatch : nil
            let joins =
                switch self {
                case .isolated, .removed: false
                case .contiguous: before == segment.isMatch
                case .mergedWithPrevious: segment.isMatch && before == false
                case .mergedWithNext: !segment.isMatch && before == true
                }
            if joins { join(segment.bytes) } else if self != .removed || !segment.isMatch { words.append(segment.bytes) }
        }
        return words
    }
}
