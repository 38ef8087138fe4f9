/// A drawing, in pixels from the top left, whose colours follow the reader's choice of light or dark.
struct SVG {
    let width, height: Int
    private var elements = ""

    init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

    /// Colours that can be told apart, by people who see few colours too, on white and on black (after Okabe and Ito 2008).
    static let colours = [
        "#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#8c8c8c", "#b8a800", "#7b5fc9", "#5f9e3f",
    ]

    /// How a text stands to its place.
    enum Anchor: String { case start, middle, end }

    /// - Parameters:
    ///   - kind: `title`, `label`, `small` or `note`: size and strength.
    ///   - angle: degrees, clockwise.
    mutating func text(
        _ text: String, x: Double, y: Double, kind: String = "label", anchor: Anchor = .start, angle: Double = 0
    ) {
        let turn = angle == 0 ? "" : " transform=\"rotate(\(angle.fixed(0)) \(x.fixed(1)) \(y.fixed(1)))\""
        elements +=
            "<text class=\"\(kind)\" x=\"\(x.fixed(1))\" y=\"\(y.fixed(1))\" text-anchor=\"\(anchor.rawValue)\"\(turn)>"
            + "\(Self.escaped(text))</text>\n"
    }

    /// - Parameter kind: `axis`, `grid` or `roof`.
    mutating func line(_ from: (x: Double, y: Double), _ to: (x: Double, y: Double), kind: String) {
        elements +=
            "<line class=\"\(kind)\" x1=\"\(from.x.fixed(1))\" y1=\"\(from.y.fixed(1))\" x2=\"\(to.x.fixed(1))\" "
            + "y2=\"\(to.y.fixed(1))\"/>\n"
    }

    /// Lines from one point to the next.
    mutating func path(_ points: [(x: Double, y: Double)], colour: Int) {
        let places = points.map { "\($0.x.fixed(1)),\($0.y.fixed(1))" }.joined(separator: " ")
        elements += "<polyline points=\"\(places)\" fill=\"none\" stroke=\"\(Self.colour(colour))\" stroke-width=\"2\"/>\n"
    }

    /// - Parameter note: what a reader sees who points at it.
    mutating func dot(x: Double, y: Double, radius: Double = 4, colour: Int, note: String) {
        elements +=
            "<circle cx=\"\(x.fixed(1))\" cy=\"\(y.fixed(1))\" r=\"\(radius.fixed(1))\" fill=\"\(Self.colour(colour))\" "
            + "fill-opacity=\"0.75\"><title>\(Self.escaped(note))</title></circle>\n"
    }

    /// A rectangle; see ``dot(x:y:radius:colour:note:)``.
    mutating func bar(x: Double, y: Double, width: Double, height: Double, colour: Int, note: String) {
        elements +=
            "<rect x=\"\(x.fixed(1))\" y=\"\(y.fixed(1))\" width=\"\(width.fixed(1))\" height=\"\(height.fixed(1))\" "
            + "fill=\"\(Self.colour(colour))\"><title>\(Self.escaped(note))</title></rect>\n"
    }

    /// The whole file.
    var document: String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)">
        <style>
        text { font-family: system-ui, "DejaVu Sans", sans-serif; fill: #1f2328; }
        .title { font-size: 17px; font-weight: 600; }
        .label { font-size: 13px; }
        .small { font-size: 11px; }
        .note { font-size: 11px; fill: #59636e; }
        .paper { fill: #ffffff; }
        .axis { stroke: #59636e; stroke-width: 1; }
        .grid { stroke: #d8dde3; stroke-width: 1; }
        .roof { stroke: #1f2328; stroke-width: 1.5; }
        @media (prefers-color-scheme: dark) {
        text { fill: #e6edf3; }
        .note { fill: #9198a1; }
        .paper { fill: #0d1117; }
        .axis { stroke: #9198a1; }
        .grid { stroke: #30363d; }
        .roof { stroke: #e6edf3; }
        }
        </style>
        <rect class="paper" width="\(width)" height="\(height)"/>
        \(elements)</svg>

        """
    }

    private static func colour(_ index: Int) -> String { colours[index % colours.count] }

    /// As text between tags or in quotes; what XML cannot hold becomes a question mark.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\n", "\t": escaped += " "
            case _ where scalar.properties.generalCategory == .control || scalar.value & 0xFFFE == 0xFFFE: escaped += "?"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
