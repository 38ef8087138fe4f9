/// Byte-pair encoding by a list of merges, as the Hugging Face library does it (`models/bpe`).
struct MergeModel: Sendable {
    /// The model's own tokens; added ones are not among them.
    private let table: PieceTable
    /// (left, right) to (rank, result), two ids or numbers of 32 bits in one word each.
    private let merges: [UInt64: UInt64]
    /// The byte tokens by byte, -1 for none; empty where there is no fallback.
    private let bytes: [Int]
    private let unknown: Int?
    private let fusesUnknown: Bool
    private let ignoresMerges: Bool

    init(_ vocabulary: TokenizerVocabulary, _ description: PipelineDescription, path: String) throws {
        let count = description.modelTokenCount ?? vocabulary.tokens.count
        guard count <= vocabulary.tokens.count else {
            throw FileError(path, at: "model.vocab_size", "\(count), but there are \(vocabulary.tokens.count) tokens")
        }
        var table = PieceTable(capacity: count)
        for id in 0..<count {
            guard table.insert(vocabulary.tokens[id], id: id) else {
                let text = String(decoding: vocabulary.tokens[id], as: UTF8.self)
                throw FileError(path, at: "token \(id)", "\"\(text)\" is there twice")
            }
        }
        var merges: [UInt64: UInt64] = [:]
        merges.reserveCapacity(vocabulary.merges.count)
        var joined: [UInt8] = []
        for (rank, merge) in vocabulary.merges.enumerated() {
            let place = "model.merges[\(rank)]"
            guard let space = merge.firstIndex(of: UInt8(ascii: " ")), merge.lastIndex(of: UInt8(ascii: " ")) == space else {
                throw FileError(path, at: place, "not two tokens")
            }
            joined.removeAll(keepingCapacity: true)
            joined += merge[..<space]
            joined += merge[(space + 1)...]
            func id(_ text: UnsafeRawBufferPointer) throws -> UInt64 {
                if let id = table.id(of: text) { return UInt64(id) }
                throw FileError(path, at: place, "the vocabulary lacks \"\(String(decoding: text.prefix(64), as: UTF8.self))\"")
            }
            let sides = try merge.withUnsafeBytes {
                try id(UnsafeRawBufferPointer(rebasing: $0[..<space])) << 32
                    | id(UnsafeRawBufferPointer(rebasing: $0[(space + 1)...]))
            }
            merges[sides] = UInt64(rank) << 32 | (try joined.withUnsafeBytes { try id($0) })
        }
        self.table = table
        self.merges = merges
        bytes =
            !description.hasByteFallback
            ? [] : (0..<256).map { table.id(of: TokenizerVocabulary.piece(of: UInt8($0))) ?? -1 }
        unknown = try description.unknownToken.map { text in
            if let id = table.id(of: text) { return id }
            throw FileError(path, at: "model.unk_token", "the vocabulary lacks it")
        }
        fusesUnknown = description.fusesUnknown
        ignoresMerges = description.ignoresMerges
    }

    /// One symbol of a doubly linked list; merging takes the right one out.
    private struct Symbol {
        var token: Int32
        var previous: Int32
        var next: Int32
        var isMerged = false
    }

    /// Appends the tokens of a word of well-formed UTF-8.
    func encode(_ word: ArraySlice<UInt8>, into tokens: inout [Int]) {
        precondition(word.count <= Int(Int32.max), "text too long for a tokenizer")
        if ignoresMerges, let token = word.withUnsafeBytes({ table.id(of: $0) }) { return tokens.append(token) }
        var symbols = word.withUnsafeBytes { split($0) }
        var queue = MergeQueue()
        func consider(_ left: Int32, _ right: Int32) {
            guard left >= 0, right >= 0 else { return }
            if let merge = merge(symbols[Int(left)], symbols[Int(right)]) {
                queue.push(.init(rank: merge.rank, left: Int(left), mark: merge.token))
            }
        }
        for right in symbols.indices.dropFirst() { consider(Int32(right - 1), Int32(right)) }
        while let best = queue.pop() {
            let left = best.left
            let right = Int(symbols[left].next)
            guard !symbols[left].isMerged, right >= 0, merge(symbols[left], symbols[right])?.token == best.mark else { continue }
            symbols[left].token = Int32(best.mark)
            symbols[left].next = symbols[right].next
            symbols[right].isMerged = true
            if symbols[right].next >= 0 { symbols[Int(symbols[right].next)].previous = Int32(left) }
            consider(symbols[left].previous, Int32(left))
            consider(Int32(left), symbols[left].next)
        }
        for symbol in symbols where !symbol.isMerged { tokens.append(Int(symbol.token)) }
    }

    @inline(__always)
    private func merge(_ left: Symbol, _ right: Symbol) -> (rank: UInt32, token: UInt32)? {
        guard let merge = merges[UInt64(UInt32(left.token)) << 32 | UInt64(UInt32(right.token))] else { return nil }
        return (UInt32(merge >> 32), UInt32(truncatingIfNeeded: merge))
    }

    /// One symbol a character; bytes, or the unknown token, for those that the vocabulary lacks.
    private func split(_ word: UnsafeRawBufferPointer) -> [Symbol] {
        var symbols: [Symbol] = []
        symbols.reserveCapacity(word.count)
        func add(_ token: Int) {
            let index = Int32(symbols.count)
            symbols.append(Symbol(token: Int32(token), previous: index - 1, next: index + 1))
        }
        var position = 0
        var hasUnknown = false
        while position < word.count {
            let length = UTF8Text.characterLength(lead: word[position])
            let character = UnsafeRawBufferPointer(rebasing: word[position..<position + length])
            position += length
            if let token = table.id(of: character) {
                if hasUnknown, let unknown { add(unknown) }
                hasUnknown = false
                add(token)
            } else if !bytes.isEmpty, character.allSatisfy({ bytes[Int($0)] >= 0 }) {
                // The reference leaves an unknown token that is due before these for later.
                for byte in character { add(bytes[Int(byte)]) }
            } else if let unknown {
                if hasUnknown, !fusesUnknown { add(unknown) }
                hasUnknown = true
            }
        }
        if hasUnknown, let unknown { add(unknown) }
        if !symbols.isEmpty { symbols[symbols.count - 1].next = -1 }
        return symbols
    }
}
