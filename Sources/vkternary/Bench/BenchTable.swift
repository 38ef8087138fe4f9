/// The results of one benchmark: what was measured on what, and a row for each measurement. Knows how to be written, not where.
struct BenchTable {
    /// What a column holds, under two names.
    struct Column {
        /// For machines: lower case, with its unit, the same for ever.
        let key: String
        /// For people.
        let title: String
    }

    /// One value.
    enum Cell {
        case text(String)
        case int(Int)
        /// Machines get all digits, people so many after the point.
        case number(Double, digits: Int)
        /// It does not exist here: a device time on the CPU, say.
        case missing
    }

    /// What holds for all rows.
    typealias Fact = (column: Column, value: Cell)

    /// Program, device, driver, model.
    let facts: [Fact]
    let columns: [Column]
    private(set) var rows: [[Cell]] = []

    init(facts: [Fact], columns: [Column]) {
        self.facts = facts
        self.columns = columns
    }

    /// Adds a row with a cell for every column.
    mutating func append(_ row: [Cell]) {
        precondition(row.count == columns.count, "\(row.count) cells for \(columns.count) columns")
        rows.append(row)
    }

    /// Everything, in a format, with a line break at the end.
    func text(_ format: BenchFormat) -> String {
        switch format {
        case .table: table
        case .markdown: markdown
        case .csv: csv
        case .json: json.description + "\n"
        }
    }
}

extension BenchTable.Column {
    init(_ key: String, _ title: String) { self.init(key: key, title: title) }
}

extension BenchTable.Cell {
    /// A value that may not exist.
    static func optional(_ value: Double?, digits: Int) -> Self { value.map { .number($0, digits: digits) } ?? .missing }

    /// For a person.
    var shown: String {
        switch self {
        case .text(let text): text
        case .int(let value): "\(value)"
        case .number(let value, let digits): value.isFinite ? value.fixed(digits) : "-"
        case .missing: "-"
        }
    }

    /// For a machine that reads text: nothing where there is nothing.
    fileprivate var plain: String {
        switch self {
        case .text(let text): text
        case .int(let value): "\(value)"
        case .number(let value, _): value.isFinite ? "\(value)" : ""
        case .missing: ""
        }
    }

    fileprivate var json: JSONText {
        switch self {
        case .text(let text): .string(text)
        case .int(let value): .int(value)
        case .number(let value, _): .double(value)
        case .missing: .null
        }
    }

    fileprivate var isText: Bool { if case .text = self { true } else { false } }
}

extension BenchTable {
    /// A column is of numbers unless a cell of it is text.
    private func isText(_ column: Int) -> Bool { rows.contains { $0[column].isText } }

    private var table: String {
        let titleWidth = facts.map(\.column.title.count).max() ?? 0
        var lines = facts.map { "\($0.column.title.padded(titleWidth))  \($0.value.shown)" }
        if !lines.isEmpty { lines.append("") }
        let widths = columns.indices.map { column in
            rows.reduce(columns[column].title.count) { max($0, $1[column].shown.count) }
        }
        for cells in [columns.map(\.title)] + rows.map({ $0.map(\.shown) }) {
            let padded = cells.enumerated().map { $1.padded(widths[$0], right: isText($0)) }
            lines.append(padded.joined(separator: "  ").withoutTrailingSpaces)
        }
        return lines.map { Terminal.printable($0) + "\n" }.joined()
    }

    private var markdown: String {
        func line(_ cells: [String]) -> String { "| " + cells.map(\.inMarkdown).joined(separator: " | ") + " |\n" }
        var text = facts.map { "- \($0.column.title): \($0.value.shown.inMarkdown)\n" }.joined()
        if !text.isEmpty { text += "\n" }
        text += line(columns.map(\.title))
        text += "| " + columns.indices.map { isText($0) ? "---" : "---:" }.joined(separator: " | ") + " |\n"
        return text + rows.map { line($0.map(\.shown)) }.joined()
    }

    /// Facts are the first columns of every row, so that files can be joined.
    private var csv: String {
        func line(_ cells: [String]) -> String { cells.map(\.inCSV).joined(separator: ",") + "\n" }
        let header = line(facts.map(\.column.key) + columns.map(\.key))
        return header + rows.map { line(facts.map(\.value.plain) + $0.map(\.plain)) }.joined()
    }

    private var json: JSONText {
        let results = rows.map { row in JSONText.object(zip(columns, row).map { ($0.key, $1.json) }) }
        return .object(facts.map { ($0.column.key, $0.value.json) } + [("results", .array(results))])
    }
}

extension String {
    fileprivate func padded(_ width: Int, right: Bool = true) -> String {
        let spaces = String(repeating: " ", count: max(0, width - count))
        return right ? self + spaces : spaces + self
    }

    fileprivate var withoutTrailingSpaces: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }

    /// One line, in which nothing ends the cell.
    fileprivate var inMarkdown: String {
        var text = ""
        for character in self {
            switch character {
            case "|": text += "\\|"
            case "\\": text += "\\\\"
            case _ where character.isNewline: text += " "
            default: text.append(character)
            }
        }
        return Terminal.printable(text)
    }

    /// Quoted where RFC 4180 asks for it.
    fileprivate var inCSV: String {
        guard unicodeScalars.contains(where: { ["\"", ",", "\n", "\r"].contains($0) }) else { return self }
        var text = "\""
        for scalar in unicodeScalars {
            if scalar == "\"" { text += "\"" }
            text.unicodeScalars.append(scalar)
        }
        return text + "\""
    }
}
