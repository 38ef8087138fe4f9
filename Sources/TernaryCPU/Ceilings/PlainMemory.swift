import Glibc

/// Memory of the size that a measurement asks for, in large pages where the system gives some.
package final class PlainMemory {
    /// Where it begins: at a page.
    package let base: UnsafeMutableRawPointer
    /// Bytes asked for.
    package let byteCount: Int

    /// Nil where the system has no such memory.
    package init?(byteCount: Int) {
        guard byteCount > 0 else { return nil }
        let place = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let place, place != MAP_FAILED else { return nil }
        madvise(place, byteCount, Int32(MADV_HUGEPAGE))
        base = place
        self.byteCount = byteCount
    }

    deinit { munmap(base, byteCount) }

    /// Bytes that could be had now without taking them from anybody; what is free where Linux does not tell.
    package static var available: Int {
        let lines = (SystemFile.text("/proc/meminfo") ?? "").split(separator: "\n")
        for line in lines where line.hasPrefix("MemAvailable:") {
            let digits = line.filter { ("0"..."9").contains($0) }
            if let kibibytes = Int(digits), kibibytes < 1 << 50 { return kibibytes << 10 }
        }
        return max(0, sysconf(Int32(_SC_AVPHYS_PAGES))) * max(1, sysconf(Int32(_SC_PAGESIZE)))
    }
}
