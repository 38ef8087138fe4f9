/// What a pre-tokenizer's pattern may ask of a character.
struct ScalarKind: OptionSet {
    let rawValue: UInt16

    /// `\p{L}`
    static let letter = ScalarKind(rawValue: 1)
    /// `\p{N}`
    static let number = ScalarKind(rawValue: 2)
    /// `\s`
    static let space = ScalarKind(rawValue: 4)
    /// Carriage return and line feed.
    static let lineBreak = ScalarKind(rawValue: 8)
    /// `\p{M}`
    static let mark = ScalarKind(rawValue: 16)
    /// `\w`
    static let word = ScalarKind(rawValue: 32)
    /// `\p{P}`, and ASCII's symbols.
    static let punctuation = ScalarKind(rawValue: 64)
    /// `\d`
    static let digit = ScalarKind(rawValue: 128)
    /// `[0-9]`
    static let asciiDigit = ScalarKind(rawValue: 256)

    init(rawValue: UInt16) { self.rawValue = rawValue }

    init(_ scalar: Unicode.Scalar) {
        self = scalar.value < 128 ? Self.ascii[Int(scalar.value)] : ScalarKind(looking: scalar)
    }

    private static let ascii: [ScalarKind] = (UInt8(0)..<128).map { ScalarKind(looking: Unicode.Scalar($0)) }

    private init(looking scalar: Unicode.Scalar) {
        var kind: ScalarKind = []
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: kind = .letter
        case .decimalNumber: kind = scalar.isASCII ? [.number, .digit, .asciiDigit] : [.number, .digit]
        case .letterNumber, .otherNumber: kind = .number
        case .nonspacingMark, .spacingMark, .enclosingMark: kind = .mark
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            kind = .punctuation
        case .mathSymbol, .currencySymbol, .modifierSymbol: if scalar.isASCII { kind = .punctuation }
        default: break
        }
        if scalar.properties.isWhitespace { kind.insert(.space) }
        if scalar == "\n" || scalar == "\r" { kind.insert(.lineBreak) }
        if UTF8Text.isWord(scalar) { kind.insert(.word) }
        self = kind
    }
}

/// Text taken apart into characters, for patterns to look at.
struct ScalarText {
    private(set) var scalars: [Unicode.Scalar] = []
    private(set) var kinds: [ScalarKind] = []
    /// Where each begins in the text's bytes, and where the last one ends.
    private(set) var offsets: [Int] = []

    var count: Int { scalars.count }

    /// - Parameter text: well-formed UTF-8.
    init(_ text: ArraySlice<UInt8>) {
        scalars.reserveCapacity(text.count)
        kinds.reserveCapacity(text.count)
        offsets.reserveCapacity(text.count + 1)
        var offset = text.startIndex
        var decoder = UTF8()
        var bytes = text.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&bytes) {
            scalars.append(scalar)
            kinds.append(ScalarKind(scalar))
            offsets.append(offset)
            offset += UTF8.width(scalar)
        }
        offsets.append(offset)
    }

    /// Whether there is a character at `index` that is one of these kinds.
    @inline(__always)
    func has(_ wanted: ScalarKind, at index: Int) -> Bool { index < count && !kinds[index].isDisjoint(with: wanted) }

    /// Whether there is a character at `index` that is none of these kinds.
    @inline(__always)
    func lacks(_ unwanted: ScalarKind, at index: Int) -> Bool { index < count && kinds[index].isDisjoint(with: unwanted) }

    /// The end of the run of characters of these kinds that begins at `start`.
    @inline(__always)
    func end(of wanted: ScalarKind, from start: Int) -> Int {
        var end = start
        while has(wanted, at: end) { end += 1 }
        return end
    }
}
