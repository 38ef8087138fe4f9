import Glibc

/// A file of ours beside others in the cache directory: what cannot be read is as good as not there.
struct CacheFile {
    let directory, path: String

    /// All of it; nil where it is no plain file or larger than that.
    func read(atMost largest: Int) -> [UInt8]? {
        // Non-blocking, so that a pipe of that name does not hold us.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= largest else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return nil }
            done += count
        }
        return bytes
    }

    /// Whether it was written: under another name first, so that no reader sees half of it.
    func write(_ bytes: [UInt8]) -> Bool {
        makeDirectories()
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            done += count
        }
        guard close(file) == 0, done == bytes.count, rename(temporary, path) == 0 else {
            unlink(temporary)
            return false
        }
        return true
    }

    private func makeDirectories() {
        var place = ""
        for part in directory.split(separator: "/") {
            place += "/\(part)"
            mkdir(directory.hasPrefix("/") ? place : String(place.dropFirst()), 0o700)
        }
    }
}

/// FNV-1a, 64 bits.
func fnv1a(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
