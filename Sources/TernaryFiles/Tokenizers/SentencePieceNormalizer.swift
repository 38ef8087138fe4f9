/// Prepares text as SentencePiece does (`Normalizer::Normalize`): mapped characters, spaces, the dummy prefix.
struct SentencePieceNormalizer: Sendable {
    var map: CharacterMap?
    /// User-defined pieces; no rule looks inside one.
    var protected: PrefixSearch
    var addsSpacePrefix: Bool
    var removesExtraWhitespaces: Bool
    var escapesWhitespaces: Bool
    var treatsWhitespaceAsSuffix: Bool

    private static let space = UInt8(ascii: " ")

    /// Any bytes in, well-formed UTF-8 out: a byte outside characters becomes U+FFFD.
    func normalize(_ text: [UInt8]) -> [UInt8] {
        text.withUnsafeBufferPointer { input in
            (map?.texts ?? []).withUnsafeBufferPointer { mapped in
                UTF8Text.replacement.withUnsafeBufferPointer { normalize(input, mapped, $0) }
            }
        }
    }

    private typealias Bytes = UnsafeBufferPointer<UInt8>

    private func normalize(_ input: Bytes, _ mapped: Bytes, _ invalid: Bytes) -> [UInt8] {
        var position = 0
        if removesExtraWhitespaces {
            while position < input.count {
                let next = prefix(input, position, mapped, invalid)
                guard next.text.count == 1, next.text[0] == Self.space else { break }
                position += next.consumed
            }
        }
        guard position < input.count else { return [] }
        let spaceText = escapesWhitespaces ? UTF8Text.spaceSymbol : [Self.space]
        var result: [UInt8] = []
        result.reserveCapacity(input.count + input.count / 2 + spaceText.count)
        if addsSpacePrefix, !treatsWhitespaceAsSuffix { result += spaceText }
        var afterSpace = removesExtraWhitespaces
        while position < input.count {
            let next = prefix(input, position, mapped, invalid)
            position += next.consumed
            var start = 0
            while afterSpace, start < next.text.count, next.text[start] == Self.space { start += 1 }
            for byte in next.text[start...] {
                if byte == Self.space { result += spaceText } else { result.append(byte) }
            }
            if start < next.text.count { afterSpace = next.text[next.text.count - 1] == Self.space }
            if !removesExtraWhitespaces { afterSpace = false }
        }
        if removesExtraWhitespaces {
            while result.suffix(spaceText.count) == spaceText[...] { result.removeLast(spaceText.count) }
        }
        if addsSpacePrefix, treatsWhitespaceAsSuffix { result += spaceText }
        return result
    }

    /// What the input from `position` on starts with, normalised, and how many bytes of input that was.
    @inline(__always)
    private func prefix(_ input: Bytes, _ position: Int, _ mapped: Bytes, _ invalid: Bytes) -> (text: Bytes, consumed: Int) {
        if !protected.isEmpty, let match = protected.longestMatch(input, at: position) {
            return (Bytes(rebasing: input[position..<position + match.length]), match.length)
        }
        if let map, let match = map.longestMatch(input, at: position) {
            return (Bytes(rebasing: mapped[match.replacement]), match.length)
        }
        let length = UTF8Text.characterLength(input, at: position)
        if length == 0 { return (invalid, 1) }
        return (Bytes(rebasing: input[position..<position + length]), length)
    }
}
