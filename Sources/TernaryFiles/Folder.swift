import Glibc

/// Makes a folder where there is none; those above it must be there.
///
/// - Throws: `FileError` where it cannot be made, or something else has its name.
public func makeFolder(_ path: String) throws {
    switch PathKind(path) {
    case .directory: return
    case .file: throw FileError(path, "is a file; a folder is needed")
    case .nothing:
        if mkdir(path, 0o777) != 0 { throw FileError(path, "cannot be made a folder: \(String(cString: strerror(errno)))") }
    }
}
