/// Finds every string of a set that a text starts with.
///
/// The strings lie sorted; reading one more byte of the text narrows the range of those that still agree.
struct PrefixSearch: Sendable {
    private var bytes: [UInt8] = []
    private var starts: [Int] = [0]
    private var ids: [Int32] = []

    /// The strings that agree with the bytes read so far.
    struct Cursor {
        fileprivate var low: Int
        fileprivate var high: Int
        fileprivate var depth = 0
    }

    /// A set of distinct strings, none empty, each with an id.
    init(_ pieces: [(text: [UInt8], id: Int)]) {
        let sorted = pieces.sorted { $0.text.lexicographicallyPrecedes($1.text) }
        for piece in sorted {
            bytes += piece.text
            starts.append(bytes.count)
            ids.append(Int32(piece.id))
        }
    }

    /// Whether the set is empty.
    var isEmpty: Bool { ids.isEmpty }

    /// The cursor before the first byte.
    var start: Cursor { Cursor(low: 0, high: ids.count) }

    /// The first string of the range whose byte at the cursor's depth is `byte` or above.
    @inline(__always)
    private func lowerBound(_ cursor: Cursor, _ byte: Int) -> Int {
        var (low, high) = (cursor.low, cursor.high)
        while low < high {
            let middle = (low + high) / 2
            let position = starts[middle] + cursor.depth
            let value = position < starts[middle + 1] ? Int(bytes[position]) : -1
            if value < byte { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Reads a byte; false where no string agrees any longer.
    @inline(__always)
    func advance(_ cursor: inout Cursor, by byte: UInt8) -> Bool {
        let low = lowerBound(cursor, Int(byte))
        cursor.low = low
        cursor.high = lowerBound(cursor, Int(byte) + 1)
        cursor.depth += 1
        return cursor.low < cursor.high
    }

    /// The id of the string that equals the bytes read so far, or nil.
    @inline(__always)
    func match(_ cursor: Cursor) -> Int? {
        starts[cursor.low + 1] - starts[cursor.low] == cursor.depth ? Int(ids[cursor.low]) : nil
    }

    /// The longest string that the text holds at `position`, or nil.
    func longestMatch(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> (id: Int, length: Int)? {
        var cursor = start
        var found: (id: Int, length: Int)?
        var end = position
        while end < text.count, advance(&cursor, by: text[end]) {
            end += 1
            if let id = match(cursor) { found = (id, end - position) }
        }
        return found
    }
}
