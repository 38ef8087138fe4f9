/// A picture of results.
struct Plot {
    /// Of its file, without a suffix.
    let name: String
    let svg: SVG

    /// Those for which a table has the figures.
    static func all(_ table: BenchTable) -> [Plot] {
        [RooflinePlot(table)?.plot, FusedPlot(table)?.plot, BatchPlot(table)?.plot].compactMap { $0 }
    }
}
