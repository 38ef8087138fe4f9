import Glibc
import TernaryCPU

/// The same bytes several times, one behind the other: who uses one copy after the other finds none in a cache.
final class RotatedBytes {
    private let memory: PlainMemory
    private let stride: Int
    /// How many copies there are.
    let count: Int

    /// Bytes that all copies of so many take; nil where that is more than this machine should give.
    static func total(_ byteCount: Int) -> Int? {
        let far = CPUCaches.current.farByteCount
        let stride = (byteCount + 63) & ~63
        let total = (far + stride - 1) / stride * stride
        // Whoever makes them has them once besides, and the reference as well.
        return total <= PlainMemory.available / 4 ? total : nil
    }

    /// - Parameter fill: writes the first copy.
    init?(byteCount: Int, _ workers: CPUWorkers, fill: (UnsafeMutableRawPointer) -> Void) {
        stride = (byteCount + 63) & ~63
        guard let total = Self.total(byteCount), let memory = PlainMemory(byteCount: total) else { return nil }
        self.memory = memory
        count = total / stride
        fill(memory.base)
        // Each part by the thread that reads it, so that it lies near it.
        let (stride, parts) = (stride, byteCount < 1 << 20 ? 1 : 4 * workers.threads)
        for copy in 1..<max(1, count) {
            let target = memory.base + copy * stride
            workers.run(parts) { part, _ in
                let (from, end) = (byteCount * part / parts, byteCount * (part + 1) / parts)
                memcpy(target + from, memory.base + from, end - from)
            }
        }
    }

    /// Where a copy begins.
    subscript(_ set: Int) -> UnsafeMutableRawPointer { memory.base + set * stride }
}
