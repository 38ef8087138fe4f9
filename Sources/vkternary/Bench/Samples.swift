/// What the repetitions of one measurement gave.
struct Samples {
    /// Lowest first; not empty.
    private let sorted: [Double]

    init(_ values: [Double]) {
        precondition(!values.isEmpty, "a measurement without repetitions")
        sorted = values.sorted()
    }

    var lowest: Double { sorted[0] }
    var highest: Double { sorted[sorted.count - 1] }

    /// The middle one, or the mean of the two in the middle.
    var median: Double {
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// The same in another unit.
    func map(_ convert: (Double) -> Double) -> Samples { Samples(sorted.map(convert)) }

    /// Median, lowest and highest as cells of a table.
    func cells(digits: Int) -> [BenchTable.Cell] { [median, lowest, highest].map { .number($0, digits: digits) } }
}
