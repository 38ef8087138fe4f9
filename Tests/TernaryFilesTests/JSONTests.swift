import Testing

@testable import TernaryFiles

@Suite("JSON")
struct JSONTests {
    @Test("keeps strings byte for byte")
    func strings() throws {
        let json = try JSON(parsing: Array(#"{"é":1,"é":2,"\u00e9\ud83d\ude00\ud800x":"\n"}"#.utf8))
        #expect(json.object?.count == 3)
        #expect(json["é😀\u{FFFD}x"]?.string == "\n")
    }

    @Test(
        "numbers",
        arguments: [("0", 0.0), ("-12.5e1", -125), ("4096", 4096), ("-7", -7), ("9007199254740993", 9_007_199_254_740_992)])
    func numbers(text: String, value: Double) throws { #expect(try JSON(parsing: Array(text.utf8)) == .number(value)) }

    @Test(
        "refuses what is not JSON",
        arguments: [
            "", "{", "[1,]", "{\"a\"}", "01", "1.", "1e999", "\"a", "\"\\x\"", "\"\u{1}\"", "nul", "1 2", "{a:1}", "\"\\u12g4\"",
        ])
    func refuses(text: String) { #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: Array(text.utf8)) } }

    @Test("refuses text that is not UTF-8, naming the byte")
    func invalidText() {
        #expect(throws: JSON.SyntaxError(offset: 9, reason: "not UTF-8")) {
            try JSON(parsing: Array("[\"abcdefg".utf8) + [0xE2, 0x96, 0x22, 0x5D])
        }
    }

    @Test("refuses deep nesting instead of recursing into it")
    func nesting() {
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: Array(repeating: UInt8(ascii: "["), count: 100_000)) }
    }
}
