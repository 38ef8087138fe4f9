import CMapping
import TernaryCore

/// A file's bytes in memory that the system shares with whoever else maps the file; unmapped when nobody holds it any more.
///
/// Who reads a page that is not in the file any more ends the process with one line that says so (`CMapping`).
final class FileMapping: Sendable {
    // Never written to: the memory can only be read.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    /// nil where the system does not map such a file.
    init?(_ descriptor: Int32, byteCount: Int, path: String) {
        guard let start = cmap_open(descriptor, byteCount, path) else { return nil }
        bytes = UnsafeRawBufferPointer(start: start, count: byteCount)
    }

    /// Has the system map a part that is about to be read, on several threads: page by page, when each is touched, takes longer.
    func populate(_ part: UnsafeRawBufferPointer) {
        let step = 2 << 20
        Parallel.forRows((part.count + step - 1) / step, weightsEach: step) { range in
            let bytes = range.lowerBound * step..<min(part.count, range.upperBound * step)
            cmap_populate(part.baseAddress! + bytes.lowerBound, bytes.count)
        }
    }

    deinit { cmap_close(bytes.baseAddress, bytes.count) }
}
