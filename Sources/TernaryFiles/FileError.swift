/// A file that cannot be used, in one line: which file, which place in it, why.
public struct FileError: Error, Equatable, CustomStringConvertible {
    /// The file's path as the user gave it.
    public let path: String
    /// A tensor, key, line or byte offset; nil where the whole file is meant.
    public let place: String?
    /// What was expected and what was found.
    public let reason: String

    /// An error about `path`, and a place in it where one is to blame.
    public init(_ path: String, at place: String? = nil, _ reason: String) {
        self.path = path
        self.place = place
        self.reason = reason
    }

    /// "path: place: reason", one line.
    public var description: String { place.map { "\(path): \($0): \(reason)" } ?? "\(path): \(reason)" }
}
