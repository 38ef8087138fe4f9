/// BitLinear as one dispatch, as two and as three: a diagram for each number of tokens, a group of bars for each shape.
struct FusedPlot {
    private static let forms: [(op: KernelOp, name: String)] = [
        (.bitlinearUnfused, "unfused: norm, quantisation, product"), (.bitlinearSplit, "split: norm and quantisation, product"),
        (.bitlinearFused, "fused: one dispatch"),
    ]

    private struct Shape: Hashable {
        let columns, rows: Int
        var name: String { "\(columns)x\(rows)" }
    }

    private let table: BenchTable
    /// Microseconds by form.
    private var times: [Int: [Shape: [KernelOp: Double]]] = [:]
    private var shapes: [Shape] = []

    /// Nil where the table has not both forms.
    init?(_ table: BenchTable) {
        self.table = table
        for record in table.records {
            guard case .text(let name)? = record["op"], let op = KernelOp(rawValue: name),
                Self.forms.contains(where: { $0.op == op }), let tokens = record["tokens"]?.number,
                let columns = record["columns"]?.number, let rows = record["rows"]?.number,
                let microseconds = record["microseconds"]?.number
            else { continue }
            let shape = Shape(columns: Int(columns), rows: Int(rows))
            if !shapes.contains(shape) { shapes.append(shape) }
            times[Int(tokens), default: [:]][shape, default: [:]][op] = microseconds
        }
        let forms = Set(times.values.flatMap(\.values).flatMap(\.keys))
        guard forms.isSuperset(of: [.bitlinearFused, .bitlinearUnfused]) else { return nil }
        shapes.sort { $0.columns * $0.rows < $1.columns * $1.rows }
    }

    var plot: Plot {
        let width = max(330, 34 * shapes.count)
        let tokens = times.keys.sorted()
        let across = tokens.count == 1 ? 1 : 2
        let down = (tokens.count + 1) / 2
        var svg = SVG(width: max(560, 24 + across * (width + 92)), height: 86 + down * 310 + 40)
        svg.legendAcross(Self.forms.map(\.name), x: 24, y: 56)
        for (index, count) in tokens.enumerated() {
            let left = Double(92 + index % across * (width + 92))
            draw(count, in: &svg, left: left, top: Double(96 + index / across * 310), width: Double(width))
        }
        svg.caption("BitLinear fused and unfused; figures are unfused / fused", table)
        return Plot(name: "fused-unfused", svg: svg)
    }

    private func draw(_ tokens: Int, in svg: inout SVG, left: Double, top: Double, width: Double) {
        let times = times[tokens] ?? [:]
        let highest = times.values.flatMap(\.values).max() ?? 1
        let frame = PlotFrame(
            left: left, top: top, width: width, height: 200, x: .linear(to: Double(shapes.count)), y: .linear(to: highest * 1.08))
        frame.draw(in: &svg, xTitle: "", yTitle: "us a layer", xMarks: false)
        svg.text(tokens == 1 ? "1 token" : "\(tokens.grouped) tokens", x: left + 6, y: top - 6)
        let group = width / Double(shapes.count)
        for (index, shape) in shapes.enumerated() {
            let start = left + Double(index) * group
            let known = times[shape] ?? [:]
            let bar = min(22, group * 0.8 / Double(Self.forms.count))
            let first = start + (group - bar * Double(Self.forms.count)) / 2
            for (form, (op, name)) in Self.forms.enumerated() {
                guard let value = known[op] else { continue }
                let at = frame.place(0, value)
                svg.bar(
                    x: first + Double(form) * bar, y: at.y, width: bar - 1, height: top + 200 - at.y, colour: form,
                    note: "\(name), \(shape.name): \(value.fixed(2)) us")
            }
            if let unfused = known[.bitlinearUnfused], let fused = known[.bitlinearFused], fused > 0 {
                let above = frame.place(0, known.values.max() ?? 0).y - 4
                svg.text((unfused / fused).fixed(1), x: start + group / 2, y: above, kind: "small", anchor: .middle)
            }
            svg.text(shape.name, x: start + group / 2 + 4, y: top + 212, kind: "small", anchor: .end, angle: -50)
        }
    }
}

extension SVG {
    /// As ``legend(_:x:y:)``, side by side.
    mutating func legendAcross(_ names: [String], x: Double, y: Double) {
        var place = x
        for (index, name) in names.enumerated() {
            bar(x: place, y: y - 10, width: 11, height: 11, colour: index, note: name)
            text(name, x: place + 17, y: y, kind: "small")
            place += 17 + Double(name.count) * 6.4 + 20
        }
    }
}
