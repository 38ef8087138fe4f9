/// Finds the id of a byte string.
///
/// A hash table over one flat copy of the strings: a look-up allocates nothing, and hashing is seeded per process, so that no file
/// can be made whose strings all collide.
struct PieceTable: Sendable {
    private var bytes: [UInt8] = []
    private var entries: [(start: Int, count: Int, id: Int32)] = []
    private var slots: [Int32]
    /// The length of the longest string, bytes.
    private(set) var longest = 0

    /// An empty table for this many strings.
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
    }

    private static func hash(_ text: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: text)
        return hasher.finalize()
    }

    /// Adds a string; false, and nothing done, where it is there already.
    mutating func insert(_ text: [UInt8], id: Int) -> Bool {
        precondition(entries.count * 2 <= slots.count, "the table is full")
        let slot = text.withUnsafeBytes { self.slot(of: $0) }
        guard slots[slot] < 0 else { return false }
        slots[slot] = Int32(entries.count)
        entries.append((bytes.count, text.count, Int32(id)))
        bytes += text
        longest = max(longest, text.count)
        return true
    }

    /// The slot that holds the text or, where it is absent, would.
    @inline(__always)
    private func slot(of text: UnsafeRawBufferPointer) -> Int {
        let mask = slots.count - 1
        var slot = Self.hash(text) & mask
        while slots[slot] >= 0 {
            let entry = entries[Int(slots[slot])]
            if entry.count == text.count {
                let same = bytes.withUnsafeBytes { stored in
                    stored[entry.start..<entry.start + entry.count].elementsEqual(text)
                }
                if same { return slot }
            }
            slot = (slot + 1) & mask
        }
        return slot
    }

    /// The id of a string, or nil.
    @inline(__always)
    func id(of text: UnsafeRawBufferPointer) -> Int? {
        if text.count > longest { return nil }
        let entry = slots[slot(of: text)]
        return entry < 0 ? nil : Int(entries[Int(entry)].id)
    }

    /// The id of a string, or nil.
    func id(of text: [UInt8]) -> Int? { text.withUnsafeBytes { id(of: $0) } }
}
