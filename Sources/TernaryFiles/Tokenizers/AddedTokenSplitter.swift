/// Finds added tokens in a text, as the Hugging Face library does: the leftmost match, of several there the longest.
struct AddedTokenSplitter: Sendable {
    /// A stretch of the text, and the added token that it is.
    struct Part {
        let range: Range<Int>
        let token: Int?
    }

    private let search: PrefixSearch
    private let tokens: [PipelineDescription.AddedToken]

    /// - Parameter tokens: each with the text to look for; none empty, none twice.
    init(_ tokens: [(text: [UInt8], token: PipelineDescription.AddedToken)]) {
        search = PrefixSearch(tokens.enumerated().map { ($1.text, $0) })
        self.tokens = tokens.map(\.token)
    }

    /// The parts of well-formed text, in order.
    func split(_ text: [UInt8]) -> [Part] {
        guard !search.isEmpty else { return text.isEmpty ? [] : [Part(range: 0..<text.count, token: nil)] }
        var parts: [Part] = []
        var done = 0
        var position = 0
        var spaces = 0..<0
        while position < text.count {
            guard let match = text.withUnsafeBufferPointer({ search.longestMatch($0, at: position) }) else {
                position += UTF8Text.characterLength(lead: text[position])
                continue
            }
            let token = tokens[match.id]
            var start = position
            var stop = position + match.length
            position = stop
            if token.isSingleWord {
                let joinsLeft = UTF8Text.isWord(UTF8Text.lastScalar(text[..<start]))
                if joinsLeft || UTF8Text.isWord(UTF8Text.scalar(text[stop...])) { continue }
            }
            if token.stripsLeft {
                while start > done, let length = UTF8Text.trailingSpace(text[done..<start]) { start -= length }
            }
            if token.stripsRight {
                if !spaces.contains(stop) {
                    var end = stop
                    while let length = UTF8Text.leadingSpace(text[end...]) { end += length }
                    spaces = stop..<end
                }
                if spaces.contains(stop) { stop = spaces.upperBound }
            }
            if done < start { parts.append(Part(range: done..<start, token: nil)) }
            parts.append(Part(range: min(start, stop)..<stop, token: token.id))
            done = stop
        }
        if done < text.count { parts.append(Part(range: done..<text.count, token: nil)) }
        return parts
    }
}
