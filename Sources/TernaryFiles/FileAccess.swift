import Glibc

/// Whether two paths lead to the same file or directory.
public func isSameFile(_ first: String, _ second: String) -> Bool {
    var a = stat()
    var b = stat()
    return stat(first, &a) == 0 && stat(second, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino
}

/// Finds out whether `path` could be written, before work is done for it; a file that is there stays as it is.
///
/// - Throws: `FileError` as writing would.
public func checkWritable(_ path: String) throws { _ = try OutputFile(path) }

/// Writes a file whole: under a temporary name first, so that nobody finds half of it.
///
/// - Throws: `FileError` with the file and the reason.
public func writeFile(_ bytes: [UInt8], to path: String) throws {
    let file = try OutputFile(path)
    try file.write(bytes)
    try file.finish()
}

/// Whether there is anything at a path.
public func fileExists(_ path: String) -> Bool { PathKind(path) != .nothing }
