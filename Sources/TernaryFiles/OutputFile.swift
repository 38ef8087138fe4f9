import Glibc

/// A file that appears under its name only when it is complete.
///
/// Bytes go to a temporary name beside it; `finish` renames that. Without `finish`, after an error say, the temporary file is
/// removed and what stood under the name before stays.
final class OutputFile {
    /// The final path as the user gave it.
    let path: String
    /// Bytes written so far.
    private(set) var position = 0
    private let temporaryPath: String
    private var descriptor: Int32
    private var pending: [UInt8] = []
    private static let chunk = 1 << 20

    init(_ path: String) throws {
        guard PathKind(path) != .directory else { throw FileError(path, "is a directory; a file is to be written") }
        guard !PathKind.isSpecial(path) else { throw FileError(path, "is no regular file, and a file is to take its place") }
        self.path = path
        temporaryPath = "\(path).partial-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileError(path, "cannot be written: \(InputFile.lastError())") }
        pending.reserveCapacity(Self.chunk)
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporaryPath)
    }

    /// Appends bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        position += bytes.count
        if pending.count + bytes.count <= Self.chunk {
            pending.append(contentsOf: bytes)
            return
        }
        try flush()
        try put(bytes)
    }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

    /// Appends zeros up to the next multiple of `alignment`, a power of two.
    func pad(to alignment: Int) throws {
        try write([UInt8](repeating: 0, count: (alignment - position & (alignment - 1)) & (alignment - 1)))
    }

    /// Makes the file appear under its name, on the disk.
    func finish() throws {
        try flush()
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else { throw failure() }
        let closing = descriptor
        guard rename(temporaryPath, path) == 0 else { throw failure() }
        descriptor = -1
        close(closing)
    }

    private func flush() throws {
        try pending.withUnsafeBytes { try put($0) }
        pending.removeAll(keepingCapacity: true)
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < bytes.count {
            let written = Glibc.write(descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 30))
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw failure() }
            done += written
        }
    }

    private func failure() -> FileError { FileError(path, at: "byte \(position)", "cannot be written: \(InputFile.lastError())") }
}
