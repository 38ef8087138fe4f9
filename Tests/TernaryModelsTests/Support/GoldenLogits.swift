import Foundation
import Testing

/// Tokens, their logits and the positions at which those are certain, as `Tests/Fixtures/transformers/README.md` describes them.
struct GoldenLogits {
    let tokens: [Int]
    /// A row a token.
    let logits: [[Float]]
    /// Where a float32 program gives the same to 2e-5 of the largest logit; elsewhere an activation is on the edge between two codes.
    let safe: [Bool]

    static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/transformers").path

    init(tokens: [Int], logits: [[Float]], safe: [Bool]) { (self.tokens, self.logits, self.safe) = (tokens, logits, safe) }

    /// - Parameters:
    ///   - path: of an archive in the directory.
    ///   - key: "short" or "long".
    ///   - kind: "logits", or another of the archive's arrays of them.
    init(_ path: String, _ key: String, kind: String = "logits") throws {
        let archive = try NPZArchive(Self.directory + "/" + path)
        tokens = try archive.elements("tokens_\(key)", Int32.self).map { Int($0) }
        let flat = try archive.elements("\(kind)_\(key)", Float.self)
        safe = try archive.elements("safe_\(key)", UInt8.self).map { $0 != 0 }
        let width = flat.count / tokens.count
        logits = (0..<tokens.count).map { Array(flat[$0 * width..<($0 + 1) * width]) }
    }

    /// Expects logits within 1e-5 of a row's largest where rows are certain (the worst here is 1.2e-6), and the same likeliest token
    /// elsewhere.
    func expect(_ found: [[Float]], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(found.count == logits.count, sourceLocation: sourceLocation)
        for (index, (row, golden)) in zip(found, logits).enumerated() {
            let largest = golden.map(abs).max()!
            let error = zip(row, golden).map { abs($0 - $1) }.max()! / largest
            if safe[index] {
                #expect(error <= 1e-5, "token \(index): \(error) of the largest logit", sourceLocation: sourceLocation)
            } else {
                #expect(
                    row.firstIndex(of: row.max()!) == golden.firstIndex(of: golden.max()!), "token \(index), within \(error)",
                    sourceLocation: sourceLocation)
            }
        }
    }
}

/// An archive of numpy's, its arrays not compressed.
private struct NPZArchive {
    private var files: [String: Data] = [:]

    init(_ path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        func number(_ at: Int, _ width: Int) -> Int { (0..<width).reversed().reduce(0) { $0 << 8 | Int(data[at + $1]) } }
        // The end record, without a comment, and the directory it leads to.
        let end = data.count - 22
        try #require(number(end, 4) == 0x0605_4B50)
        var at = number(end + 16, 4)
        for _ in 0..<number(end + 10, 2) {
            try #require(number(at + 10, 2) == 0)
            let (size, nameLength, local) = (number(at + 20, 4), number(at + 28, 2), number(at + 42, 4))
            let name = String(decoding: data[at + 46..<at + 46 + nameLength], as: UTF8.self)
            let start = local + 30 + number(local + 26, 2) + number(local + 28, 2)
            files[name] = data.subdata(in: start..<start + size)
            at += 46 + nameLength + number(at + 30, 2) + number(at + 32, 2)
        }
    }

    /// An array's elements in row-major order.
    func elements<Element: BitwiseCopyable>(_ name: String, _: Element.Type) throws -> [Element] {
        let file = try #require(files[name + ".npy"], "\(name)")
        let start = 10 + Int(file[8]) + Int(file[9]) << 8
        return file.withUnsafeBytes { raw in
            stride(from: start, to: raw.count, by: MemoryLayout<Element>.stride).map {
                raw.loadUnaligned(fromByteOffset: $0, as: Element.self)
            }
        }
    }
}
