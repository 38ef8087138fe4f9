/// Zeroed memory on a cache line's boundary, freed with its owner.
final class Scratch<Element: BitwiseCopyable> {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    /// - Parameter zero: the value to fill with.
    init(_ count: Int, zero: Element) {
        self.count = count
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Element>.stride, alignment: 64)
        base = raw.bindMemory(to: Element.self, capacity: count)
        base.initialize(repeating: zero, count: count)
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }
}
