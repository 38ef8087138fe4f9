import Glibc

/// The whole of a regular file of at most 512 MB.
///
/// - Throws: ``FileError`` with the system's reason.
func readWholeFile(_ path: String) throws -> [UInt8] {
    let limit = 512 << 20
    func failure() -> FileError { FileError(path, String(cString: strerror(errno))) }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure() }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw failure() }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(path, "not a regular file") }
    guard status.st_size <= limit else { throw FileError(path, "\(status.st_size) bytes long; at most \(limit)") }
    var reason: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
        while count < buffer.count {
            let got = read(file, buffer.baseAddress! + count, buffer.count - count)
            if got < 0, errno == EINTR { continue }
            if got < 0 { reason = failure() }
            if got <= 0 { break }
            count += got
        }
    }
    if let reason { throw reason }
    return bytes
}
