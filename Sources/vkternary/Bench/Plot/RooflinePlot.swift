/// Ops by their arithmetic intensity, under what the device was measured to do at best (Williams, Waterman and Patterson 2009).
struct RooflinePlot {
    struct Point {
        let family: String
        let operationsPerByte, teraOperations: Double
        let note: String
    }

    let table: BenchTable
    /// GB/s.
    let bandwidth: Double
    /// TOPS, by name.
    let roofs: [(name: String, value: Double)]
    let points: [Point]

    /// Nil where the table has no ceilings.
    init?(_ table: BenchTable) {
        self.table = table
        let records = table.records
        if let read = table.number(fact: "read_gb_per_second"), table.number(fact: "int8_dot_tops") != nil {
            bandwidth = read
            roofs = [("int8, no matrix units", "int8_dot_tops"), ("int8 product", "int8_units_tops")].compactMap { name, key in
                table.number(fact: key).map { (name, $0) }
            }
            points = records.compactMap(Self.point)
        } else {
            let medians = Dictionary(
                records.compactMap { record -> (String, Double)? in
                    guard case .text(let name)? = record["measurement"], let median = record["median"]?.number else { return nil }
                    return (name, median)
                }, uniquingKeysWith: { $1 })
            guard let read = medians["read"] else { return nil }
            bandwidth = read
            roofs = ["int8, no matrix units", "int8, registers alone", "int8 product", "int8, matrix units alone"].compactMap {
                name in
                medians[name].map { (name, $0) }
            }
            points = []
        }
        if roofs.isEmpty || bandwidth <= 0 { return nil }
    }

    private static func point(_ record: [String: BenchTable.Cell]) -> Point? {
        guard case .text(let name)? = record["op"], let op = KernelOp(rawValue: name),
            let intensity = record["operations_per_byte"]?.number, let rate = record["tera_operations_per_second"]?.number,
            intensity > 0, rate > 0
        else { return nil }
        let size = ["columns", "rows"].compactMap { record[$0]?.number.map { "\(Int($0))" } }.joined(separator: "x")
        let share = record["ceiling_percent"]?.shown ?? "-"
        return Point(
            family: family(op), operationsPerByte: intensity, teraOperations: rate,
            note: "\(name) \(size), \(record["tokens"]?.shown ?? "-") tokens: \(rate.fixed(3)) TOPS, \(share)% of the ceiling")
    }

    /// Ops that share a colour.
    private static func family(_ op: KernelOp) -> String {
        switch op {
        case .rmsnorm, .quantize, .normQuantize, .normQuantize3, .gateQuantize, .gluQuantize, .residualQuantize,
            .mlgruStepQuantize,
            .normRows:
            "norms and quantisation"
        case .embedding, .glu, .mlgru, .mlgruGates, .mlgruStep, .outputGate, .residual, .argmax, .ternaryUnpack, .denseEmbedding,
            .rotate,
            .keepKeys, .recallKeys:
            "element-wise, mlgru"
        case .denseMatmul, .denseMatmulFloat32, .denseMatmulBFloat16, .denseMatmulQ8: KernelOp.denseMatmul.rawValue
        case .attentionPrompt, .attentionStep, .attentionChunk: "attention"
        case .mlgruFusedBatch: KernelOp.mlgruFused.rawValue
        default: op.rawValue
        }
    }

    var plot: Plot {
        var svg = SVG(width: 960, height: 620)
        let highest = roofs.map(\.value).max() ?? 1
        let ridge = highest * 1000 / bandwidth
        let x = PlotScale.logarithmic(points.map(\.operationsPerByte) + [1, ridge * 4])
        let lowest = min(points.map(\.teraOperations).min() ?? .infinity, x.lowest * bandwidth / 1000)
        let y = PlotScale.logarithmic([lowest, highest * 1.3])
        let frame = PlotFrame(left: 92, top: 56, width: 640, height: 450, x: x, y: y)
        frame.draw(in: &svg, xTitle: "operations per byte of device memory", yTitle: "operations per second, TOPS")
        drawRoofs(in: &svg, frame, ridge: ridge)
        var families: [String] = []
        for point in points where !families.contains(point.family) { families.append(point.family) }
        for point in points {
            let at = frame.place(point.operationsPerByte, point.teraOperations)
            svg.dot(x: at.x, y: at.y, radius: 3.5, colour: families.firstIndex(of: point.family)!, note: point.note)
        }
        svg.legend(families, x: 742, y: 280)
        svg.caption(points.isEmpty ? "Ceilings of the device" : "Ops under the device's ceilings", table)
        return Plot(name: points.isEmpty ? "ceilings" : "roofline", svg: svg)
    }

    private func drawRoofs(in svg: inout SVG, _ frame: PlotFrame, ridge: Double) {
        // From where memory's line enters the diagram, at the left or at the bottom.
        let enters = max(frame.x.lowest, frame.y.lowest * 1000 / bandwidth)
        svg.line(
            frame.place(enters, enters * bandwidth / 1000), frame.place(ridge, ridge * bandwidth / 1000), kind: "roof")
        let end = frame.place(ridge, ridge * bandwidth / 1000)
        let begin = frame.place(enters, enters * bandwidth / 1000)
        let angle = -PlotAngle.degrees(rise: begin.y - end.y, run: end.x - begin.x)
        // A third of the way up, where no other roof is.
        let (labelX, labelY) = (begin.x + (end.x - begin.x) * 0.35, begin.y + (end.y - begin.y) * 0.35)
        svg.text(
            "read \(PlotScale.rounded(bandwidth)) GB/s", x: labelX - 4, y: labelY - 7, kind: "small", anchor: .middle,
            angle: angle)
        // Beside the diagram, where no op is.
        var free = frame.top
        for roof in roofs.sorted(by: { $0.value > $1.value }) {
            let from = frame.place(roof.value * 1000 / bandwidth, roof.value)
            let right = frame.left + frame.width
            svg.line(from, (right, from.y), kind: "roof")
            let line = max(from.y + 4, free)
            svg.text("\(roof.name), \(PlotScale.rounded(roof.value)) TOPS", x: right + 8, y: line, kind: "small")
            free = line + 13
        }
    }
}
