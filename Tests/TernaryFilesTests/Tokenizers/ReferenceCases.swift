import Glibc
import Testing

@testable import TernaryFiles

/// What a reference library gives for a tokenizer: a file made by Tests/Fixtures/tokenizers/make.py.
struct ReferenceCases: CustomTestStringConvertible, Sendable {
    let name: String
    let tokenizerPath: String
    /// The tokens of "A cat.", special ones included.
    let special: [Int]
    let encoding: [(text: [UInt8], tokens: [Int], decoded: [UInt8])]
    let decoding: [(tokens: [Int], text: [UInt8])]

    var testDescription: String { name }

    /// The package's folder.
    static let package = String(#filePath.dropLast("/Tests/TernaryFilesTests/Tokenizers/ReferenceCases.swift".count))
    static let folder = "\(package)/Tests/Fixtures/tokenizers"

    /// The cases that the repository holds.
    static let own: [ReferenceCases] = [
        "bpe-bytes", "bpe-rules", "bpe-unused", "unigram-bytes", "unigram-suffix", "unigram-bare", "llama", "mistral",
        "metaspace",
        "unknown", "byte-gpt2", "byte-prefix", "byte-llama3", "byte-qwen2", "byte-marks", "byte-falcon", "byte-digits",
        "byte-words",
        "byte-spaces", "byte-runs",
    ].map { load("\(folder)/\($0).cases.json") }

    /// More cases, made for any tokenizer files and named by an environment variable: "FILE:FILE".
    static let more: [ReferenceCases] =
        getenv("VKTERNARY_TOKENIZER_CASES").map { String(cString: $0).split(separator: ":").map { load(String($0)) } } ?? []

    private static func load(_ path: String) -> ReferenceCases {
        guard let file = try? InputFile.contents(of: path, limit: 1 << 30), let json = try? JSON(parsing: file) else {
            fatalError("no test cases in \(path)")
        }
        let name = json["tokenizer"]?.string ?? ""
        func numbers(_ value: JSON) -> [Int] { (value.array ?? []).compactMap(\.int) }
        return ReferenceCases(
            name: name, tokenizerPath: name.hasPrefix("/") ? name : "\(folder)/\(name)",
            special: numbers(json["special"] ?? .null),
            encoding: (json["cases"]?.array ?? []).map { ($0.array ?? []) }.map { (hex($0[0]), numbers($0[1]), hex($0[2])) },
            decoding: (json["decode"]?.array ?? []).map { ($0.array ?? []) }.map { (numbers($0[0]), hex($0[1])) })
    }

    private static func hex(_ value: JSON) -> [UInt8] {
        let digits = (value.stringBytes ?? []).map { UInt8($0 < 0x3A ? $0 - 0x30 : $0 - 0x57) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
