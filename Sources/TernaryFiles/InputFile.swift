import Glibc
import TernaryCore

/// A regular file opened for reading at given places, or bytes in memory that stand for one.
///
/// What is copied is read with `pread`, so that a file that shrinks meanwhile gives an error instead of a signal. Numbers that are used as
/// they lie may be had from a mapping (`numbers`).
final class InputFile: Sendable {
    /// The path as the user gave it.
    let path: String
    /// Bytes in the file when it was opened.
    let size: Int
    /// -1 where the bytes are in memory.
    private let descriptor: Int32
    // Never written to; whoever gives memory keeps it alive and unchanged.
    private nonisolated(unsafe) let memory: UnsafeRawBufferPointer?
    /// nil where the file is not to be mapped, or cannot be.
    private let mapping: FileMapping?

    /// Bytes that live, unchanged, as long as this object.
    init(_ memory: UnsafeRawBufferPointer, name: String) {
        path = name
        size = memory.count
        descriptor = -1
        self.memory = memory
        mapping = nil
    }

    /// - Parameter maps: whether `numbers` are to be had where they lie.
    init(_ path: String, maps: Bool = false) throws {
        // Without O_NONBLOCK, opening a named pipe would wait for somebody to write into it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError(path, "cannot be opened: \(Self.lastError())") }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FileError(path, "is not a regular file")
        }
        self.path = path
        self.descriptor = descriptor
        size = Int(status.st_size)
        memory = nil
        mapping = maps ? FileMapping(descriptor, byteCount: size, path: path) : nil
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Fills `buffer` with the bytes from `offset` on.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        if let memory {
            guard offset >= 0, offset <= size, buffer.count <= size - offset else {
                throw FileError(path, at: "byte \(offset)", "\(buffer.count) bytes are wanted and there are \(size)")
            }
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[offset..<offset + buffer.count]))
            return
        }
        var done = 0
        while done < buffer.count {
            let got = pread(descriptor, buffer.baseAddress! + done, min(buffer.count - done, 1 << 30), off_t(offset + done))
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw FileError(path, at: "byte \(offset + done)", "cannot be read: \(Self.lastError())") }
            guard got > 0 else { throw FileError(path, at: "byte \(offset + done)", "the file ends here; it should go on") }
            done += got
        }
    }

    /// `count` bytes from `offset` on.
    func bytes(at offset: Int, count: Int) throws -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
            throw FileError(path, at: "byte \(offset)", "\(count) bytes are wanted and the file has \(size)")
        }
        return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            initialized = count
        }
    }

    /// `count` numbers from `offset` on: where they lie in a mapped file, else a copy.
    ///
    /// - Parameter alignment: that whoever reads them counts on.
    func numbers<Element: FixedWidthInteger & BitwiseCopyable & Sendable>(
        _ type: Element.Type = Element.self, at offset: Int, count: Int, alignment: Int = MemoryLayout<Element>.alignment
    ) throws -> PackedStorage<Element> {
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard offset >= 0, count >= 0, !overflow, offset <= size, byteCount <= size - offset else {
            throw FileError(path, at: "byte \(offset)", "\(count) numbers are wanted and the file has \(size) bytes")
        }
        if let mapping, count > 0, offset.isMultiple(of: max(alignment, MemoryLayout<Element>.alignment)) {
            let bytes = UnsafeRawBufferPointer(rebasing: mapping.bytes[offset..<offset + byteCount])
            mapping.populate(bytes)
            return PackedStorage(bytes.bindMemory(to: Element.self), lentBy: mapping)
        }
        return try PackedStorage(count: count) { numbers in
            // Each part is written by one thread, which is to be the first to touch it.
            nonisolated(unsafe) let bytes = UnsafeMutableRawBufferPointer(numbers)
            let step = 1 << 20
            let parts = Parallel.map(rows: (byteCount + step - 1) / step, weightsEach: step) { range in
                Result {
                    let part = range.lowerBound * step..<min(byteCount, range.upperBound * step)
                    try read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[part]), at: offset + part.lowerBound)
                }
            }
            for part in parts { try part.get() }
        }
    }

    /// A whole file, if it is no longer than `limit` bytes.
    static func contents(of path: String, limit: Int) throws -> [UInt8] {
        let file = try InputFile(path)
        guard file.size <= limit else { throw FileError(path, "has \(file.size) bytes; at most \(limit) are expected") }
        return try file.bytes(at: 0, count: file.size)
    }

    /// What errno says.
    static func lastError() -> String { String(cString: strerror(errno)) }
}

/// What there is at a path.
enum PathKind {
    case file, directory, nothing

    init(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            self = .nothing
            return
        }
        self = status.st_mode & S_IFMT == S_IFDIR ? .directory : .file
    }

    /// Whether there is something that is neither a file nor a directory: a device such as /dev/null, a pipe, a socket.
    static func isSpecial(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
    }
}
