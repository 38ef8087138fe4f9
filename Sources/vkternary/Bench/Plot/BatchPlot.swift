/// Tokens per second by how many sequences are written at a time.
struct BatchPlot {
    private struct Point {
        let batch: Int
        let rate, lowest, highest: Double
    }

    private let table: BenchTable
    private var series: [(name: String, points: [Point])] = []

    /// Nil where the table has no rates.
    init?(_ table: BenchTable) {
        self.table = table
        for record in table.records {
            guard case .text(let test)? = record["test"], let rate = record["tokens_per_second"]?.number, rate > 0 else {
                continue
            }
            // "tg128 b=4" is tg128 of four sequences; a table without that column has one.
            let name = String(test.prefix { $0 != " " })
            let point = Point(
                batch: max(1, Int(record["batch"]?.number ?? 1)), rate: rate,
                lowest: record["tokens_per_second_lowest"]?.number ?? rate,
                highest: record["tokens_per_second_highest"]?.number ?? rate)
            if let index = series.firstIndex(where: { $0.name == name }) {
                series[index].points.append(point)
            } else {
                series.append((name, [point]))
            }
        }
        if series.isEmpty { return nil }
        for index in series.indices { series[index].points.sort { $0.batch < $1.batch } }
    }

    var plot: Plot {
        var svg = SVG(width: 800, height: 560)
        let points = series.flatMap(\.points)
        let frame = PlotFrame(
            left: 92, top: 56, width: 560, height: 390, x: .marked(at: points.map(\.batch)),
            y: .logarithmic(points.flatMap { [$0.lowest, $0.highest * 1.1] }))
        frame.draw(in: &svg, xTitle: "sequences at a time", yTitle: "tokens per second")
        for (colour, (name, points)) in series.enumerated() {
            let places = points.map { frame.place(Double($0.batch), $0.rate) }
            if points.count > 1 { svg.path(places, colour: colour) }
            for (point, at) in zip(points, places) {
                let shown = PlotScale.label(point.rate.rounded())
                svg.dot(
                    x: at.x, y: at.y, colour: colour,
                    note:
                        "\(name), \(point.batch) at a time: \(shown) tokens/s (\(point.lowest.fixed(1)) to \(point.highest.fixed(1)))"
                )
                svg.text(shown, x: at.x, y: at.y - 9, kind: "small", anchor: .middle)
            }
        }
        svg.legend(series.map(\.name), x: 672, y: 70)
        svg.caption("Tokens per second" + (table.fact("model").map { ": \($0)" } ?? ""), table)
        return Plot(name: "tokens-per-second", svg: svg)
    }
}
