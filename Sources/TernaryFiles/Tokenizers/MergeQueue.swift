/// The merges that byte-pair encoding may do next, best first: a binary heap.
struct MergeQueue {
    /// A pair of neighbours that may become one symbol.
    struct Entry {
        /// Order: rank in the upper half (smaller is better), position of the left symbol in the lower.
        let key: UInt64
        /// What tells a stale entry from a valid one: the merged symbol's length or its id.
        let mark: UInt32

        /// The index of the left symbol.
        var left: Int { Int(UInt32(truncatingIfNeeded: key)) }

        init(rank: UInt32, left: Int, mark: UInt32) {
            key = UInt64(rank) << 32 | UInt64(UInt32(left))
            self.mark = mark
        }
    }

    private var entries: [Entry] = []

    mutating func push(_ entry: Entry) {
        var child = entries.count
        entries.append(entry)
        while child > 0 {
            let parent = (child - 1) / 2
            if entries[parent].key <= entry.key { break }
            entries[child] = entries[parent]
            child = parent
        }
        entries[child] = entry
    }

    mutating func pop() -> Entry? {
        guard let best = entries.first, let last = entries.popLast() else { return nil }
        let count = entries.count
        if count == 0 { return best }
        var hole = 0
        while true {
            var child = 2 * hole + 1
            if child >= count { break }
            if child + 1 < count, entries[child + 1].key < entries[child].key { child += 1 }
            if last.key <= entries[child].key { break }
            entries[hole] = entries[child]
            hole = child
        }
        entries[hole] = last
        return best
    }
}
