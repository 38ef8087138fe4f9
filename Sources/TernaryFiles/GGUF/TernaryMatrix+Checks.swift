import TernaryCore

extension TernaryMatrix {
    /// What is wrong with a matrix's words.
    enum WordFault: Equatable {
        /// A code of 3 in this row.
        case code(row: Int)
        /// Rows or columns beyond the matrix that are not 0.
        case padding
    }

    /// Looks through the words of a matrix, on several threads; nil where all are sound.
    ///
    /// - Parameter allowsTwos: whether a code may be 3.
    static func fault(in words: PackedStorage<UInt32>, rows: Int, columns: Int, allowsTwos: Bool) -> WordFault? {
        let tileRows = padded(rows, to: 4) / 4
        let each = padded(columns, to: 16) / 4
        precondition(words.count == tileRows * each, "words that do not fill the matrix")
        // Of the last group, the columns that are there; of the last row of tiles, the rows.
        let presentColumns = (columns - 1) & 15, presentRows = (rows - 1) & 3
        let beyond = (0..<16).reduce(UInt32(0)) { $1 > presentColumns ? $0 | 3 << shift($1) : $0 }
        return words.withUnsafeBufferPointer { words in
            let parts = Parallel.map(rows: tileRows, weightsEach: 16 * each) { range -> (threes: UInt32, padding: UInt32) in
                let part = UnsafeBufferPointer(rebasing: words[range.lowerBound * each..<range.upperBound * each])
                var (threes, padding) = (UInt32(0), UInt32(0))
                for word in part { threes |= word & word >> 1 }
                if beyond != 0 {
                    for last in stride(from: each - 4, to: part.count, by: each) {
                        for row in 0..<4 { padding |= (part[last + row] ^ zeroWord) & beyond }
                    }
                }
                if range.upperBound == tileRows, presentRows < 3 {
                    for index in part.count - each..<part.count where index & 3 > presentRows {
                        padding |= part[index] ^ zeroWord
                    }
                }
                return (threes & 0x5555_5555, padding)
            }
            if parts.contains(where: { $0.padding != 0 }) { return .padding }
            guard !allowsTwos, parts.contains(where: { $0.threes != 0 }) else { return nil }
            let first = words.firstIndex { $0 & $0 >> 1 & 0x5555_5555 != 0 }!
            return .code(row: first / each * 4 + first & 3)
        }
    }
}
