import Glibc

/// The small text files in which Linux tells of itself.
enum SystemFile {
    /// The beginning of a file as text; nil where it cannot be read.
    static func text(_ path: String, limit: Int = 1 << 16) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { $1 = fread($0.baseAddress, 1, limit, file) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Its first line, without spaces around it; nil where there is nothing in it.
    static func line(_ path: String) -> String? {
        guard let first = text(path, limit: 4096)?.split(whereSeparator: \.isNewline).first else { return nil }
        let line = trimmed(first)
        return line.isEmpty ? nil : line
    }

    static func trimmed(_ text: Substring) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    /// The numbers of a list as "0-3,8" gives them; nil where it is none.
    static func count(ofList text: String) -> Int? {
        var count = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], 0...first ~= 0,
                first <= last, last < 1 << 20
            else { return nil }
            count += last - first + 1
        }
        return count
    }
}
