/// SentencePiece's compiled normalisation rules: the longest matching string is replaced by another.
///
/// Layout: the trie's size in bytes (UInt32, little-endian), a Darts-clone double array of 32-bit units, then the replacements, each
/// ended by a zero byte; the trie's values are offsets of replacements.
struct CharacterMap: Sendable {
    private let units: [UInt32]
    /// The replacements.
    let texts: [UInt8]

    /// No replacement may be longer, bytes: a hostile map could otherwise blow up any text. NFKC's longest is 33.
    private static let longestReplacement = 256

    init(_ blob: [UInt8], path: String) throws {
        let place = "precompiled_charsmap"
        guard blob.count > 4 else { throw FileError(path, at: place, "\(blob.count) bytes are too few") }
        let size = blob.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))) }
        guard size >= 4, size.isMultiple(of: 4), size < blob.count - 4 else {
            throw FileError(path, at: place, "a trie of \(size) bytes in \(blob.count)")
        }
        units = blob.withUnsafeBytes { bytes in
            (0..<size / 4).map { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 + 4 * $0, as: UInt32.self)) }
        }
        texts = Array(blob[(4 + size)...])
        guard texts.last == 0, UTF8Text.isValid(texts) else {
            throw FileError(path, at: place, "the replacements are not zero-terminated UTF-8")
        }
        guard texts.split(separator: 0).allSatisfy({ $0.count <= Self.longestReplacement }) else {
            throw FileError(path, at: place, "a replacement longer than \(Self.longestReplacement) bytes")
        }
    }

    /// The longest string with a rule that the text holds at `position`: its length, and its replacement as a range of ``texts``.
    func longestMatch(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> (length: Int, replacement: Range<Int>)? {
        var found: (length: Int, start: Int)?
        var node = Self.offset(units[0])
        var end = position
        while end < text.count {
            node ^= Int(text[end])
            guard node < units.count, Self.label(units[node]) == UInt32(text[end]) else { break }
            let unit = units[node]
            node ^= Self.offset(unit)
            end += 1
            if unit >> 8 & 1 == 1 {
                guard node < units.count else { break }
                found = (end - position, Int(units[node] & 0x7FFF_FFFF))
            }
        }
        guard let found, found.start < texts.count, found.start == 0 || texts[found.start] & 0xC0 != 0x80 else { return nil }
        guard let stop = texts[found.start...].firstIndex(of: 0) else { return nil }
        return (found.length, found.start..<stop)
    }

    private static func offset(_ unit: UInt32) -> Int { Int((unit >> 10) << ((unit & 1 << 9) >> 6)) }
    private static func label(_ unit: UInt32) -> UInt32 { unit & (1 << 31 | 0xFF) }
}
