/// A published regular expression that pre-tokenizers split text by, or a plain string; each is a hand-written scanner.
///
/// There is no regular-expression engine: a file could bring one that takes exponential time, and every published tokenizer uses one
/// of a few, which are known by their text.
enum WordPattern: Sendable, Equatable {
    /// GPT-2's: `'s`-like endings, runs of letters, numbers and the rest, each with a space in front.
    case gpt2
    /// LLaMA-3's and its kin.
    case llama3(LlamaLike)
    /// `\w+|[^\w\s]+`
    case words
    /// As many characters of a kind as there are, from `least` to `most`.
    case run(ScalarKind.RawValue, least: Int, most: Int)
    /// The string itself.
    case string([UInt8])

    /// What differs between LLaMA-3's pattern and those made after it.
    struct LlamaLike: Sendable, Equatable {
        /// Numbers are cut into pieces of so many digits at most.
        var digits = 3
        /// `\p{M}` counts as a letter.
        var hasMarks = false
        /// The endings compare by Unicode's case folding, which takes U+017F for an s.
        var foldsLongS = true
    }

    /// The pattern of a regular expression's text.
    init?(regularExpression text: String) {
        guard let known = Self.published[text] else { return nil }
        self = known
    }

    private static let published: [String: WordPattern] = {
        let spaces = #"|\s+(?!\S)|\s+"#
        let gpt2 = #"| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"# + spaces
        var table: [String: WordPattern] = [
            "'s|'t|'re|'ve|'m|'ll|'d" + gpt2: .gpt2, "'(?:[sdmt]|ll|ve|re)" + gpt2: .gpt2,
            #"\w+|[^\w\s]+"#: .words,
            #"\p{N}"#: .run(ScalarKind.number.rawValue, least: 1, most: 1),
            #"\p{N}+"#: .run(ScalarKind.number.rawValue, least: 1, most: .max),
            #"\p{N}{1,3}"#: .run(ScalarKind.number.rawValue, least: 1, most: 3),
            #"\d"#: .run(ScalarKind.digit.rawValue, least: 1, most: 1),
            "[0-9][0-9][0-9]": .run(ScalarKind.asciiDigit.rawValue, least: 3, most: 3),
            "[0-9]": .run(ScalarKind.asciiDigit.rawValue, least: 1, most: 1),
            #"\d+"#: .run(ScalarKind.digit.rawValue, least: 1, most: .max),
            #"\d{1,3}"#: .run(ScalarKind.digit.rawValue, least: 1, most: 3),
            #"\s+"#: .run(ScalarKind.space.rawValue, least: 1, most: .max),
            #"[\r\n]"#: .run(ScalarKind.lineBreak.rawValue, least: 1, most: 1),
        ]
        let endings = [
            ("(?i:'s|'t|'re|'ve|'m|'ll|'d)", true), ("'(?i:[sdmt]|ll|ve|re)", true),
            ("(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])", false),
        ]
        let letters = [
            (#"|[^\r\n\p{L}\p{N}]?\p{L}+|"#, #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"#, false),
            (#"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|"#, #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+"#, true),
        ]
        for (ending, foldsLongS) in endings {
            for (front, back, hasMarks) in letters {
                for (number, digits) in [(#"\p{N}{1,3}"#, 3), (#"\p{N}"#, 1)] {
                    table[ending + front + number + back + spaces] = .llama3(
                        LlamaLike(digits: digits, hasMarks: hasMarks, foldsLongS: foldsLongS))
                }
            }
        }
        return table
    }()
}

extension WordPattern {
    /// The stretches of a text that match and those between them, in order, none empty.
    func segments(_ text: ArraySlice<UInt8>) -> [(bytes: ArraySlice<UInt8>, isMatch: Bool)] {
        if case .string(let string) = self { return Self.occurrences(of: string, in: text) }
        let scalars = ScalarText(text)
        var segments: [(bytes: ArraySlice<UInt8>, isMatch: Bool)] = []
        var (done, position) = (0, 0)
        func add(_ range: Range<Int>, isMatch: Bool) {
            if !range.isEmpty {
                segments.append((text[scalars.offsets[range.lowerBound]..<scalars.offsets[range.upperBound]], isMatch))
            }
        }
        while position < scalars.count {
            guard let end = matchEnd(scalars, at: position) else {
                position += 1
                continue
            }
            add(done..<position, isMatch: false)
            add(position..<end, isMatch: true)
            (done, position) = (end, end)
        }
        add(done..<scalars.count, isMatch: false)
        return segments
    }

    private static func occurrences(of string: [UInt8], in text: ArraySlice<UInt8>) -> [(ArraySlice<UInt8>, Bool)] {
        var segments: [(ArraySlice<UInt8>, Bool)] = []
        var (done, position) = (text.startIndex, text.startIndex)
        while position < text.endIndex {
            guard text[position] == string[0], text[position...].starts(with: string) else {
                position += 1
                continue
            }
            if done < position { segments.append((text[done..<position], false)) }
            done = position + string.count
            segments.append((text[position..<done], true))
            position = done
        }
        if done < text.endIndex { segments.append((text[done...], false)) }
        return segments
    }

    /// The end of the match at a place, which is never empty; nil where nothing matches there.
    private func matchEnd(_ text: ScalarText, at start: Int) -> Int? {
        switch self {
        case .gpt2: return Self.gpt2End(text, at: start)
        case .llama3(let settings): return settings.matchEnd(text, at: start)
        case .words:
            if text.has(.word, at: start) { return text.end(of: .word, from: start) }
            var end = start
            while text.lacks([.word, .space], at: end) { end += 1 }
            return end > start ? end : nil
        case .run(let kind, let least, let most):
            let kind = ScalarKind(rawValue: kind)
            var end = start
            while end - start < most, text.has(kind, at: end) { end += 1 }
            return end - start >= least ? end : nil
        case .string: return nil
        }
    }

    private static func gpt2End(_ text: ScalarText, at start: Int) -> Int? {
        if let end = ending(text, at: start, ignoresCase: false, foldsLongS: false) { return end }
        let first = text.scalars[start] == " " ? start + 1 : start
        for kind in [ScalarKind.letter, .number] where text.has(kind, at: first) { return text.end(of: kind, from: first) }
        var end = first
        while text.lacks([.space, .letter, .number], at: end) { end += 1 }
        return end > first ? end : spaceEnd(text, at: start)
    }

    /// `\s+(?!\S)|\s+`: white space but for the last of it, where more text follows.
    fileprivate static func spaceEnd(_ text: ScalarText, at start: Int) -> Int? {
        let end = text.end(of: .space, from: start)
        if end == start { return nil }
        return end == text.count || end - start == 1 ? end : end - 1
    }

    /// `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` and `'d`.
    fileprivate static func ending(_ text: ScalarText, at start: Int, ignoresCase: Bool, foldsLongS: Bool) -> Int? {
        guard text.scalars[start] == "'" else { return nil }
        func letter(_ index: Int) -> Unicode.Scalar? {
            guard index < text.count else { return nil }
            let scalar = text.scalars[index]
            if ignoresCase, ("A"..."Z").contains(scalar) { return Unicode.Scalar(scalar.value + 32) }
            return foldsLongS && scalar == "\u{17F}" ? "s" : scalar
        }
        switch (letter(start + 1), letter(start + 2)) {
        case ("s", _), ("t", _), ("m", _), ("d", _): return start + 2
        case ("r", "e"), ("v", "e"), ("l", "l"): return start + 3
        default: return nil
        }
    }
}

extension WordPattern.LlamaLike {
    fileprivate func matchEnd(_ text: ScalarText, at start: Int) -> Int? {
        if let end = WordPattern.ending(text, at: start, ignoresCase: true, foldsLongS: foldsLongS) { return end }
        let letter: ScalarKind = hasMarks ? [.letter, .mark] : .letter
        // A space or a sign may stand in front of a word.
        let first = text.lacks([.lineBreak, .letter, .number], at: start) && text.has(letter, at: start + 1) ? start + 1 : start
        if text.has(letter, at: first) { return text.end(of: letter, from: first) }
        if text.has(.number, at: start) {
            var end = start + 1
            while end - start < digits, text.has(.number, at: end) { end += 1 }
            return end
        }
        let sign = text.scalars[start] == " " ? start + 1 : start
        var end = sign
        while text.lacks([.space, .number, letter], at: end) { end += 1 }
        if end > sign { return text.end(of: .lineBreak, from: end) }
        // Up to the last line break of a run of white space.
        let spaces = text.end(of: .space, from: start)
        if let last = (start..<spaces).last(where: { text.has(.lineBreak, at: $0) }) { return last + 1 }
        return WordPattern.spaceEnd(text, at: start)
    }
}
