import ArgumentParser
import TernaryFiles

/// How results are written.
enum BenchFormat: String, CaseIterable, ExpressibleByArgument {
    /// Columns for a terminal.
    case table
    case markdown, csv, json

    /// The format that a file's name stands for; nil where it is none of them.
    init?(fileName: String) {
        switch fileName.lowercased().split(separator: ".", omittingEmptySubsequences: false).last {
        case "txt": self = .table
        case "md": self = .markdown
        case "csv": self = .csv
        case "json": self = .json
        default: return nil
        }
    }
}

/// Where every benchmark writes its results to, and how.
struct BenchOutput: ParsableArguments {
    @Option(help: "table, markdown, csv or json.")
    var format: BenchFormat?

    @Flag(help: "The same as --format markdown.")
    var markdown = false

    @Flag(help: "The same as --format csv.")
    var csv = false

    @Flag(help: "The same as --format json.")
    var json = false

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Write the results to a file too, as its name ends: .txt, .md, .csv or .json. May be given more than once.",
            valueName: "file"),
        completion: .file(extensions: ["txt", "md", "csv", "json"]))
    var save: [String] = []

    @Option(
        help: ArgumentHelp(
            "Draw the results into a folder as SVG, and as PNG where rsvg-convert is installed. The folder is made where there is none.",
            valueName: "folder"),
        completion: .directory)
    var plot: String?

    private var chosen: [BenchFormat] {
        [format, markdown ? .markdown : nil, csv ? .csv : nil, json ? .json : nil].compactMap { $0 }
    }

    mutating func validate() throws {
        if chosen.count > 1 { throw ValidationError("Give one of --format, --markdown, --csv and --json.") }
        for path in save where BenchFormat(fileName: path) == nil {
            throw ValidationError("--save: '\(path)' does not end with .txt, .md, .csv or .json.")
        }
        if plot == "" { throw ValidationError("--plot takes a folder.") }
    }

    /// Finds out before the work what would be in vain after it.
    func checkFiles() throws {
        for path in save { try checkWritable(path) }
        try plot.map { try PlotFiles(folder: $0).check() }
        _ = try BenchFacts.commit()
    }

    func write(_ table: BenchTable) throws {
        for path in save { try writeFile(Array(table.text(BenchFormat(fileName: path)!).utf8), to: path) }
        try Terminal.write(table.text(chosen.first ?? .table))
        try plot.map { try PlotFiles(folder: $0).write(Plot.all(table)) }
    }
}
