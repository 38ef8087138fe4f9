import Foundation
import FoundationXML
import Testing

@testable import vkternary

@Suite("Plots of benchmarks") struct PlotTests {
    private func facts(_ more: [BenchTable.Fact] = []) -> [BenchTable.Fact] {
        [
            (.init("version", "version"), .text("1.2.3")), (.init("device", "device"), .text("A <GPU> & \"more\" \u{1B}[2J")),
            (.init("driver", "driver"), .text("driver 5")), (.init("commit", "commit"), .text("0123abc")),
            (.init("command", "command"), .text("vkternary bench kernels")),
            (.init("date", "date"), .text("2026-01-02T03:04:05Z")),
        ] + more
    }

    /// The texts of a drawing, which must be XML.
    private func texts(_ plot: Plot) throws -> [String] {
        let document = try XMLDocument(data: Data(plot.svg.document.utf8))
        return try document.nodes(forXPath: "//*[local-name()='text']").compactMap(\.stringValue)
    }

    @Test("a linear axis ends at a round number not below the highest value", arguments: [0.013, 0.9, 1, 7.3, 10, 4470, 99_999])
    func linear(_ highest: Double) {
        let scale = PlotScale.linear(to: highest)
        #expect(scale.lowest == 0 && scale.highest >= highest && scale.highest <= 2 * highest)
        #expect((2...6).contains(scale.ticks.count) && scale.ticks.last?.value == scale.highest)
        #expect(scale.place(0) == 0 && abs(scale.place(scale.highest / 2) - 0.5) < 1e-12)
    }

    @Test("axes of nothing, of zero and of what is no number still have two ends")
    func degenerate() {
        for scale in [
            PlotScale.linear(to: 0), .linear(to: .nan), .linear(to: .infinity), .logarithmic([]), .logarithmic([0, .nan, -3]),
            .logarithmic([5]), .marked(at: []), .marked(at: [0, -1]), .marked(at: [7]),
        ] {
            #expect(scale.lowest < scale.highest && scale.highest.isFinite)
            #expect(scale.place(.nan) == 0 && scale.place(-1) == 0 && scale.place(.infinity).isFinite)
        }
    }

    @Test("a logarithmic axis holds all values between round marks")
    func logarithmic() {
        let wide = PlotScale.logarithmic([0.02, 300, 0])
        #expect(wide.ticks.map(\.label) == ["0.01", "0.1", "1", "10", "100", "1,000"])
        #expect(abs(wide.place(1) - 0.4) < 1e-12 && wide.place(0.01) == 0 && wide.place(5000) == 1)
        #expect(PlotScale.logarithmic([52, 81]).ticks.map(\.label) == ["50", "100"])
        #expect(PlotScale.logarithmic([1e-9, 1e12]).ticks.count <= 12)
        #expect(PlotScale.marked(at: [64, 1, 4, 4]).ticks.map(\.label) == ["1", "4", "64"])
    }

    @Test("labels are short", arguments: [(0.0, "0"), (0.5, "0.5"), (1500, "1,500"), (2_500_000, "2.5 M"), (1e-6, "1e-6")])
    func labels(_ value: Double, _ label: String) { #expect(PlotScale.label(value) == label) }

    @Test("measured values are told by three digits", arguments: [(4471.2, "4,470"), (0.03216, "0.0322"), (312.6, "313")])
    func rounded(_ value: Double, _ label: String) { #expect(PlotScale.rounded(value) == label) }

    @Test("names from outside cannot end an element, an attribute or the document")
    func escaped() {
        #expect(SVG.escaped("a<b>&\"c\"\u{1B}\u{FFFF}\nd") == "a&lt;b&gt;&amp;&quot;c&quot;?? d")
    }

    /// As `bench kernels` gives it.
    private func kernels() throws -> BenchTable {
        let keys = [
            "op", "tokens", "columns", "rows", "microseconds", "tera_operations_per_second", "operations_per_byte",
            "ceiling_percent",
        ]
        var table = BenchTable(
            facts: facts([
                (.init("read_gb_per_second", "read"), .number(4470, digits: 1)),
                (.init("int8_dot_tops", "dot"), .number(120, digits: 1)),
                (.init("int8_units_tops", "units"), .number(400, digits: 1)),
            ]), columns: keys.map { .init($0, $0) })
        for (index, op) in [KernelOp.bitlinearFused, .bitlinearUnfused, .residual, .embedding].enumerated() {
            for tokens in [1, 16] {
                table.append([
                    .text(op.rawValue), .int(tokens), .int(2048), op == .residual ? .missing : .int(2048),
                    .number(4 + Double(index * tokens), digits: 1), .number(op == .embedding ? 0 : 0.5, digits: 1),
                    .number(op == .embedding ? 0 : 3, digits: 1), .number(50, digits: 1),
                ])
            }
        }
        return table
    }

    @Test("kernels are drawn under their roofs and as bars, with units, device, driver, commit, date and command")
    func kernelPlots() throws {
        let plots = Plot.all(try kernels())
        #expect(plots.map(\.name) == ["roofline", "fused-unfused"])
        for plot in plots {
            let texts = try texts(plot)
            #expect(
                texts.contains { $0.contains("A <GPU> & \"more\" ?[2J") && $0.contains("driver 5") && $0.contains("2026-01-02") })
            #expect(texts.contains { $0.contains("1.2.3 (0123abc)") } && texts.contains("vkternary bench kernels"))
        }
        let roofline = try texts(plots[0])
        #expect(roofline.contains("read 4,470 GB/s") && roofline.contains("int8 product, 400 TOPS"))
        #expect(roofline.contains("operations per byte of device memory") && roofline.contains("operations per second, TOPS"))
        // What computes nothing has no place there.
        #expect(plots[0].svg.document.components(separatedBy: "<circle").count - 1 == 6)
        #expect(!plots[0].svg.document.contains("embedding"))
        let bars = try texts(plots[1])
        #expect(
            bars.contains("1 token") && bars.contains("16 tokens") && bars.contains("us a layer") && bars.contains("2048x2048"))
        #expect(bars.contains("1.3") && bars.contains("5.0"), "5 us by 4 us, and 20 by 4")
    }

    @Test("models are drawn by batch, whether the table has batches or not")
    func modelPlots() throws {
        var table = BenchTable(
            facts: facts([(.init("model", "model"), .text("a model"))]),
            columns: [.init("test", "test"), .init("batch", "sequences"), .init("tokens_per_second", "tokens/s")])
        table.append([.text("pp512"), .int(1), .number(44_000, digits: 1)])
        table.append([.text("tg128"), .int(1), .number(1500, digits: 1)])
        table.append([.text("tg128 b=64"), .int(64), .number(40_000, digits: 1)])
        let plots = Plot.all(table)
        #expect(plots.map(\.name) == ["tokens-per-second"])
        let shown = try texts(plots[0])
        #expect(shown.contains("Tokens per second: a model") && shown.contains("tg128") && !shown.contains("tg128 b=64"))
        #expect(shown.contains("64") && shown.contains("sequences at a time") && shown.contains("tokens per second"))
        #expect(plots[0].svg.document.components(separatedBy: "<polyline").count - 1 == 1)

        var old = BenchTable(facts: facts(), columns: [.init("test", "test"), .init("tokens_per_second", "tokens/s")])
        old.append([.text("tg128"), .number(1500, digits: 1)])
        #expect(try texts(Plot.all(old)[0]).contains("1,500"))
    }

    @Test("a device is drawn as its ceilings, without those that it has not")
    func devicePlot() throws {
        var table = BenchTable(facts: facts(), columns: [.init("measurement", "measurement"), .init("median", "median")])
        table.append([.text("read"), .number(100, digits: 1)])
        table.append([.text("int8 product"), .missing])
        table.append([.text("int8, no matrix units"), .number(5, digits: 1)])
        let plots = Plot.all(table)
        #expect(plots.map(\.name) == ["ceilings"])
        let shown = try texts(plots[0])
        #expect(shown.contains("int8, no matrix units, 5 TOPS") && !shown.contains { $0.hasPrefix("int8 product") })
    }

    @Test("a table without figures has no picture") func nothing() {
        #expect(Plot.all(BenchTable(facts: [], columns: [])).isEmpty)
    }
}
