extension SentencePieceEngine {
    /// One symbol of a doubly linked list over the text; merging leaves the right one empty.
    private struct Symbol {
        var start: Int32
        var count: Int32
        var previous: Int32
        var next: Int32
        /// A user-defined piece: it takes part in no merge.
        var isFrozen: Bool
    }

    /// Merges neighbours, the highest score first and the leftmost of equals, until no piece results (`bpe::Model::Encode`).
    func segmentByScore(_ text: UnsafeBufferPointer<UInt8>) -> [Segment] {
        var symbols = split(text)
        var queue = MergeQueue()
        /// Where an unused piece was merged: it is taken apart again in the end.
        var seams: [Int: Int] = [:]
        func piece(_ symbol: Symbol, _ count: Int32) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[Int(symbol.start)..<Int(symbol.start + count)])
        }
        func consider(_ left: Int32, _ right: Int32) {
            guard left >= 0, right >= 0 else { return }
            let (first, second) = (symbols[Int(left)], symbols[Int(right)])
            if first.isFrozen || second.isFrozen { return }
            let count = first.count + second.count
            guard let id = pieces.id(of: piece(first, count)) else { return }
            queue.push(.init(rank: Self.rank(vocabulary.scores[id]), left: Int(left), mark: UInt32(count)))
            if vocabulary.type(of: id) == .unused { seams[id] = Int(first.count) }
        }
        for right in symbols.indices.dropFirst() { consider(Int32(right - 1), Int32(right)) }
        while let best = queue.pop() {
            let left = best.left
            let right = Int(symbols[left].next)
            guard symbols[left].count > 0, right >= 0, symbols[left].count + symbols[right].count == Int32(best.mark) else {
                continue
            }
            symbols[left].count += symbols[right].count
            symbols[left].next = symbols[right].next
            symbols[right].count = 0
            if symbols[right].next >= 0 { symbols[Int(symbols[right].next)].previous = Int32(left) }
            consider(symbols[left].previous, Int32(left))
            consider(Int32(left), symbols[left].next)
        }
        var segments: [Segment] = []
        for symbol in symbols where symbol.count > 0 {
            var pending = [Int(symbol.start)..<Int(symbol.start + symbol.count)]
            while let range = pending.popLast() {
                let token = token(of: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[range]))
                if vocabulary.type(of: token) == .unused, let seam = seams[token] {
                    pending.append(range.lowerBound + seam..<range.upperBound)
                    pending.append(range.lowerBound..<range.lowerBound + seam)
                } else {
                    segments.append(Segment(range: range, token: token))
                }
            }
        }
        return segments
    }

    /// The text's characters and user-defined pieces.
    private func split(_ text: UnsafeBufferPointer<UInt8>) -> [Symbol] {
        var symbols: [Symbol] = []
        symbols.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            let match = userDefined.isEmpty ? nil : userDefined.longestMatch(text, at: position)
            let count = match?.length ?? UTF8Text.characterLength(lead: text[position])
            let index = Int32(symbols.count)
            let next = position + count < text.count ? index + 1 : -1
            symbols.append(
                Symbol(start: Int32(position), count: Int32(count), previous: index - 1, next: next, isFrozen: match != nil))
            position += count
        }
        return symbols
    }

    /// An integer that is smaller for a higher score.
    private static func rank(_ score: Float) -> UInt32 {
        let bits = (score + 0).bitPattern  // -0 orders as +0
        return bits >> 31 == 1 ? bits : ~(bits | 1 << 31)
    }
}
