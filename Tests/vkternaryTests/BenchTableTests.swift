import Foundation
import Testing

@testable import vkternary

@Suite("Tables of benchmarks") struct BenchTableTests {
    private static let awkward = "a \"b\", c | \\ \u{1B}[2J\nd"

    private func table() -> BenchTable {
        var table = BenchTable(
            facts: [(.init("device", "device"), .text(Self.awkward)), (.init("driver", "the driver"), .missing)],
            columns: [.init("test", "test"), .init("rate", "tokens/s"), .init("share_percent", "share, %")])
        table.append([.text("pp512"), .number(1234.5678, digits: 1), .missing])
        table.append([.text("tg1"), .number(.infinity, digits: 1), .int(7)])
        return table
    }

    @Test("a table aligns numbers right, shows '-' for what is missing and moves no cursor") func plain() {
        #expect(
            table().text(.table) == """
                device      a "b", c | \\ \\u{1b}[2J
                d
                the driver  -

                test   tokens/s  share, %
                pp512    1234.6         -
                tg1           -         7

                """)
    }

    @Test("Markdown escapes what would end a cell") func markdown() {
        #expect(
            table().text(.markdown) == """
                - device: a "b", c \\| \\\\ \\u{1b}[2J d
                - the driver: -

                | test | tokens/s | share, % |
                | --- | ---: | ---: |
                | pp512 | 1234.6 | - |
                | tg1 | - | 7 |

                """)
    }

    @Test("CSV quotes as RFC 4180 says, keeps all digits and leaves out what is missing") func csv() {
        let device = "\"a \"\"b\"\", c | \\ \u{1B}[2J\nd\""
        #expect(
            table().text(.csv) == """
                device,driver,test,rate,share_percent
                \(device),,pp512,1234.5678,
                \(device),,tg1,,7

                """)
    }

    @Test("JSON holds the same values, and null where there is none") func json() throws {
        let object = try #require(JSONSerialization.jsonObject(with: Data(table().text(.json).utf8)) as? [String: Any])
        #expect(object["device"] as? String == Self.awkward && object["driver"] is NSNull)
        let results = try #require(object["results"] as? [[String: Any]])
        #expect(results.count == 2 && results[0]["rate"] as? Double == 1234.5678 && results[0]["share_percent"] is NSNull)
        #expect(results[1]["rate"] is NSNull && results[1]["share_percent"] as? Int == 7)
    }

    @Test("samples have a median, whichever order they come in") func samples() {
        #expect(Samples([3, 1, 2]).median == 2 && Samples([4, 1, 2, 3]).median == 2.5 && Samples([5]).median == 5)
        let rates = Samples([1, 2, 4]).map { 8 / $0 }
        #expect(rates.lowest == 2 && rates.median == 4 && rates.highest == 8)
    }

    @Test("a model's name stands for its matrices, and none comes twice") func shapes() throws {
        let shapes = try BenchArguments.shapes("1.3b,2048x2048,16x4")
        #expect(
            shapes.map { [$0.columns, $0.rows] } == [[2048, 2048], [2048, 11264], [5632, 2048], [2048, 32000], [16, 4]])
    }

    @Test("a device's identity is written as NVML looks it up") func uuid() {
        let bytes: [UInt8] = [0x0A, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x10, 0xAB, 0xCD, 0xEF, 0xFE, 0xFF]
        #expect(EnergyCounter.name(ofUUID: bytes) == "GPU-0a010203-0405-0607-0809-10abcdeffeff")
    }

    @Test("a file's name says its format", arguments: [("a.md", BenchFormat.markdown), ("b.CSV", .csv), ("c.d.json", .json)])
    func fileNames(_ name: String, _ format: BenchFormat) {
        #expect(BenchFormat(fileName: name) == format && BenchFormat(fileName: name + "x") == nil)
    }
}
