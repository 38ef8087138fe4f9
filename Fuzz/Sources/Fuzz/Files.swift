import Glibc

/// The tests' tokenizers.
let fixtureFolder = String(#filePath.dropLast("/Fuzz/Sources/Fuzz/Files.swift".count)) + "/Tests/Fixtures/tokenizers"

/// The contents of fixture files; those that are absent are left out.
func fixtures(_ names: [String]) -> [[UInt8]] { names.compactMap { contents("\(fixtureFolder)/\($0)") } }

/// A file's bytes, or nil.
func contents(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&block, 1, block.count, file), count > 0 { bytes += block[..<count] }
    return bytes
}

/// Writes a file, or says why not and ends the program.
func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "wb"), fwrite(bytes, 1, bytes.count, file) == bytes.count, fclose(file) == 0 else {
        fatalError("\(path): \(String(cString: strerror(errno)))")
    }
}
