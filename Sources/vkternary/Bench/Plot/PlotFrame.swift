/// Axes and grid of one diagram within a drawing.
struct PlotFrame {
    /// The inside, in pixels.
    let left, top, width, height: Double
    let x: PlotScale
    let y: PlotScale

    func place(_ px: Double, _ py: Double) -> (x: Double, y: Double) {
        (left + x.place(px) * width, top + height - y.place(py) * height)
    }

    /// The grid, the axes, their marks and what they measure.
    func draw(in svg: inout SVG, xTitle: String, yTitle: String, xMarks: Bool = true) {
        for tick in y.ticks {
            let at = place(x.lowest, tick.value)
            svg.line(at, (left + width, at.y), kind: "grid")
            svg.text(tick.label, x: left - 7, y: at.y + 4, kind: "small", anchor: .end)
        }
        if xMarks {
            for tick in x.ticks {
                let at = place(tick.value, y.lowest)
                svg.line((at.x, top), at, kind: "grid")
                svg.text(tick.label, x: at.x, y: at.y + 16, kind: "small", anchor: .middle)
            }
        }
        svg.line((left, top), (left, top + height), kind: "axis")
        svg.line((left, top + height), (left + width, top + height), kind: "axis")
        svg.text(xTitle, x: left + width / 2, y: top + height + 36, anchor: .middle)
        svg.text(yTitle, x: left - 64, y: top + height / 2, anchor: .middle, angle: -90)
    }
}

extension SVG {
    /// Coloured squares with names, one below the other.
    mutating func legend(_ names: [String], x: Double, y: Double) {
        for (index, name) in names.enumerated() {
            let line = y + Double(index) * 19
            bar(x: x, y: line - 10, width: 11, height: 11, colour: index, note: name)
            text(name, x: x + 17, y: line, kind: "small")
        }
    }

    /// What it is above, and below where it was measured, when and how.
    mutating func caption(_ title: String, _ table: BenchTable) {
        text(title, x: 24, y: 30, kind: "title")
        text(table.origin, x: 24, y: Double(height) - 26, kind: "note")
        text(Self.shortened(table.fact("command") ?? "", to: width / 7), x: 24, y: Double(height) - 10, kind: "note")
    }

    /// The beginning of a text that would not fit.
    static func shortened(_ text: String, to count: Int) -> String {
        text.count <= count ? text : text.prefix(max(0, count - 3)) + "..."
    }
}

extension BenchTable {
    /// A fact as people read it; nil where there is none.
    func fact(_ key: String) -> String? {
        guard let fact = facts.first(where: { $0.column.key == key }), case let shown = fact.value.shown, shown != "-" else {
            return nil
        }
        return shown
    }

    /// A fact's value; nil where it is no number.
    func number(fact key: String) -> Double? { facts.first { $0.column.key == key }?.value.number }

    /// Device, driver, version, commit and date in one line.
    var origin: String {
        let version = fact("version").map { "vkternary \($0)" + (fact("commit").map { " (\($0))" } ?? "") }
        let parts = [fact("device"), fact("driver"), version, fact("date")]
        return parts.compactMap { $0 }.joined(separator: "  ·  ")
    }

    /// Rows by their keys.
    var records: [[String: Cell]] {
        rows.map { row in Dictionary(zip(columns, row).map { ($0.key, $1) }, uniquingKeysWith: { $1 }) }
    }
}

extension BenchTable.Cell {
    /// The value, where it is a finite number.
    var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .number(let value, _): value.isFinite ? value : nil
        case .text, .missing: nil
        }
    }
}
