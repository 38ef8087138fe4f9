/// The printable characters that byte-level vocabularies spell bytes with (GPT-2's `bytes_to_unicode`).
///
/// Printable bytes of Latin-1 stand for themselves; the other 68 are U+0100 on, in order.
enum ByteAlphabet {
    /// The character of each byte, as UTF-8.
    static let characters: [[UInt8]] = scalars.map { Array(String($0).utf8) }

    private static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (UInt32(0)...255).map { byte in
            if (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174 { return Unicode.Scalar(UInt8(byte)) }
            defer { next += 1 }
            return Unicode.Scalar(next) ?? "\u{FFFD}"
        }
    }()

    /// By scalar value: the byte, or -1.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = Int16(byte) }
        return bytes
    }()

    /// Every byte as its character.
    static func spell(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var spelled: [UInt8] = []
        spelled.reserveCapacity(text.count + text.count / 2)
        for byte in text { spelled += characters[Int(byte)] }
        return spelled
    }

    /// The bytes that well-formed text spells; text with a character of no byte stands for itself, as in the Hugging Face library.
    static func bytes(of text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            let lead = text[position]
            let value: Int
            switch UTF8Text.characterLength(lead: lead) {
            case 1: value = Int(lead)
            case 2: value = Int(lead & 0x1F) << 6 | Int(text[position + 1] & 0x3F)
            default: return text
            }
            guard value < bytes.count, bytes[value] >= 0 else { return text }
            result.append(UInt8(bytes[value]))
            position += lead < 0x80 ? 1 : 2
        }
        return result
    }
}
