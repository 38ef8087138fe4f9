/// UTF-8 as both reference tokenizers see it: whole characters, and one U+FFFD for every byte that belongs to none.
enum UTF8Text {
    /// U+FFFD.
    static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]
    /// U+2581, which stands for a space inside pieces.
    static let spaceSymbol: [UInt8] = [0xE2, 0x96, 0x81]

    /// The length of the well-formed character at `position` (Unicode table 3-7), or 0 where there is none.
    @inline(__always)
    static func characterLength(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Int {
        let first = text[position]
        if first < 0x80 { return 1 }
        let (length, lowest, highest): (Int, UInt8, UInt8)
        switch first {
        case 0xC2...0xDF: (length, lowest, highest) = (2, 0x80, 0xBF)
        case 0xE0: (length, lowest, highest) = (3, 0xA0, 0xBF)
        case 0xED: (length, lowest, highest) = (3, 0x80, 0x9F)
        case 0xE1...0xEF: (length, lowest, highest) = (3, 0x80, 0xBF)
        case 0xF0: (length, lowest, highest) = (4, 0x90, 0xBF)
        case 0xF1...0xF3: (length, lowest, highest) = (4, 0x80, 0xBF)
        case 0xF4: (length, lowest, highest) = (4, 0x80, 0x8F)
        default: return 0
        }
        guard position + length <= text.count, text[position + 1] >= lowest, text[position + 1] <= highest else { return 0 }
        for i in 2..<max(length, 2) where text[position + i] & 0xC0 != 0x80 { return 0 }
        return length
    }

    /// The length of the character that this lead byte of well-formed text starts.
    @inline(__always)
    static func characterLength(lead: UInt8) -> Int { lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4 }

    /// The offset of the first byte outside well-formed characters, or nil.
    static func firstInvalid(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        let raw = UnsafeRawBufferPointer(text)
        var position = 0
        while position < text.count {
            // Eight ASCII bytes at a time.
            if position + 8 <= text.count,
                raw.loadUnaligned(fromByteOffset: position, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                position += 8
                continue
            }
            let length = characterLength(text, at: position)
            if length == 0 { return position }
            position += length
        }
        return nil
    }

    /// Whether the text is well-formed throughout.
    static func isValid(_ text: [UInt8]) -> Bool { text.withUnsafeBufferPointer { firstInvalid($0) == nil } }

    /// The text with U+FFFD for every byte outside well-formed characters.
    static func repaired(_ text: [UInt8]) -> [UInt8] {
        text.withUnsafeBufferPointer { bytes in
            if firstInvalid(bytes) == nil { return text }
            var result: [UInt8] = []
            result.reserveCapacity(bytes.count)
            var position = 0
            while position < bytes.count {
                let length = characterLength(bytes, at: position)
                if length == 0 {
                    result += replacement
                    position += 1
                } else {
                    result.append(contentsOf: bytes[position..<position + length])
                    position += length
                }
            }
            return result
        }
    }

    /// The text with every occurrence of a pattern replaced, found from the left without overlap.
    static func replacing(_ pattern: [UInt8], with content: [UInt8], in text: [UInt8]) -> [UInt8] {
        guard let first = pattern.first, text.count >= pattern.count else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 2)
        var position = 0
        while position < text.count {
            if text[position] == first, text[position...].starts(with: pattern) {
                result += content
                position += pattern.count
            } else {
                result.append(text[position])
                position += 1
            }
        }
        return result
    }

    /// The Unicode scalar that starts at `position` of well-formed text.
    static func scalar(_ text: ArraySlice<UInt8>) -> Unicode.Scalar? {
        var decoder = UTF8()
        var iterator = text.makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
        return scalar
    }
}
