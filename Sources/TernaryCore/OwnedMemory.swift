import Glibc

/// Memory that is nobody else's, not written before who asked for it does: its pages come to be where, and by whom, they are first written.
final class OwnedMemory: @unchecked Sendable {
    // Sendable: an address; who holds it sees to it that writing is done by one alone.

    /// Aligned to a cache line at least, and to a huge page where it is as large as one.
    let start: UnsafeMutableRawPointer

    private static let cacheLine = 64
    private static let hugePage = 2 << 20
    private static let page = 4096

    init(byteCount: Int) {
        let isLarge = byteCount >= Self.hugePage
        var memory: UnsafeMutableRawPointer?
        let result = posix_memalign(&memory, isLarge ? Self.hugePage : Self.cacheLine, max(byteCount, 1))
        guard result == 0, let memory else { fatalError("no memory for \(byteCount) bytes of weights") }
        // What a token reads goes through all of it: with small pages a part of the time is spent on finding them. Advice only.
        if isLarge { madvise(memory, byteCount & ~(Self.page - 1), MADV_HUGEPAGE) }
        start = memory
    }

    deinit { free(start) }
}
