/// The free parts of one block of memory, in bytes from its start; first fit, neighbours joined.
struct FreeList {
    /// Sorted, no two of them touching, none empty.
    private(set) var ranges: [Range<Int>]

    init(byteCount: Int) { ranges = byteCount > 0 ? [0..<byteCount] : [] }

    /// Takes `byteCount` bytes that start at a multiple of `alignment`; nil where no gap is large enough.
    mutating func take(_ byteCount: Int, alignment: Int) -> Int? {
        for (index, range) in ranges.enumerated() {
            let start = range.lowerBound.roundedUp(to: alignment)
            guard start <= range.upperBound, range.upperBound - start >= byteCount else { continue }
            let parts = [range.lowerBound..<start, start + byteCount..<range.upperBound].filter { !$0.isEmpty }
            ranges.replaceSubrange(index...index, with: parts)
            return start
        }
        return nil
    }

    /// Gives back what was taken.
    mutating func give(_ range: Range<Int>) {
        var joined = range
        let next = ranges.firstIndex { $0.lowerBound >= range.upperBound } ?? ranges.endIndex
        var replaced = next..<next
        if next < ranges.endIndex, ranges[next].lowerBound == range.upperBound {
            joined = joined.lowerBound..<ranges[next].upperBound
            replaced = replaced.lowerBound..<next + 1
        }
        if next > 0, ranges[next - 1].upperBound == range.lowerBound {
            joined = ranges[next - 1].lowerBound..<joined.upperBound
            replaced = next - 1..<replaced.upperBound
        }
        ranges.replaceSubrange(replaced, with: [joined])
    }
}

extension Int {
    /// The least multiple of `alignment` that is not below self; self is not negative and far from overflow.
    func roundedUp(to alignment: Int) -> Int { (self + alignment - 1) / alignment * alignment }
}
