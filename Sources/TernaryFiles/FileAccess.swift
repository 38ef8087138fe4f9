/// A whole file, if it is no longer than `limit` bytes.
///
/// - Throws: `FileError` where it cannot be read or is too long.
public func readFile(_ path: String, atMost limit: Int) throws -> [UInt8] { try InputFile.contents(of: path, limit: limit) }

/// Whether there is anything at a path.
public func fileExists(_ path: String) -> Bool { PathKind(path) != .nothing }
