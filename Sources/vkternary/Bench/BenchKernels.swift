import ArgumentParser
import TernaryModels
import VulkanCompute

struct BenchKernels: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "Measure the fused BitLinear against norm, quantisation and product as three dispatches.",
        discussion: """
            Both forms are compared with the CPU reference, bit for bit, before they are timed. A layer's time is by the device's clock and \
            includes its barriers. Weights are rotated among copies that together exceed the caches, so every layer reads its own from \
            memory. GB/s are those of the packed weights.
            """)

    @OptionGroup var options: VulkanDeviceOptions

    @Option(
        help: ArgumentHelp("Tokens in a pass, separated by commas. (default: 1,4,16)", valueName: "counts"),
        transform: BenchArguments.counts)
    var tokens: [Int] = [1, 4, 16]

    @Option(
        help: ArgumentHelp(
            "Matrices, COLUMNSxROWS, or models whose matrices are meant, separated by commas. (default: 370m,1.3b,2.7b,13b)",
            valueName: "shapes"),
        transform: BenchArguments.shapes)
    var shapes: [MatrixShape]?

    @Option(help: "Runs of each measurement.")
    var repetitions = 20

    @OptionGroup var output: BenchOutput

    mutating func validate() throws {
        if !(1...10_000).contains(repetitions) { throw ValidationError("--repetitions takes 1 to 10000.") }
    }

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        try output.checkFiles()
        let shapes = try shapes ?? BenchArguments.shapes("370m,1.3b,2.7b,13b")
        for shape in shapes { for count in tokens { try BitLinearBenchmark.checkSize(shape, tokens: count) } }
        let device = try options.open(for: "kernels")
        Interrupt.listen()
        let readBandwidth = try device.measureReadBandwidth()
        let facts = BenchFacts.common(benchmark: "kernels", deviceName: device.description.name, device: device.description)
        var table = BenchTable(
            facts: facts + [
                (.init("read_gb_per_second", "read bandwidth, GB/s"), .number(readBandwidth / 1e9, digits: 1)),
                (.init("repetitions", "repetitions"), .int(repetitions)),
            ], columns: Self.columns)
        var bar = ProgressBar("Measuring")
        defer { bar.finish() }
        for (index, shape) in shapes.enumerated() {
            bar.update(Double(index) / Double(shapes.count))
            let matrix = try RotatedMatrix(shape, on: device)
            for count in tokens {
                let benchmark = try BitLinearBenchmark(matrix, tokens: count, device: device)
                var results: [Samples?] = []
                for form in BitLinearBenchmark.Form.allCases {
                    results.append(try benchmark.measure(form, repetitions: repetitions))
                }
                table.append(row(shape, tokens: count, fused: results[0], unfused: results[1]!, readBandwidth: readBandwidth))
            }
        }
        bar.finish()
        try output.write(table)
    }

    private static let columns: [BenchTable.Column] =
        [.init("tokens", "tokens"), .init("columns", "columns"), .init("rows", "rows")]
        + ["fused", "unfused"].flatMap { form -> [BenchTable.Column] in
            [
                .init("\(form)_microseconds", "\(form), us"), .init("\(form)_microseconds_lowest", "lowest"),
                .init("\(form)_microseconds_highest", "highest"), .init("\(form)_gb_per_second", "GB/s"),
                .init("\(form)_read_bandwidth_percent", "of read, %"),
            ]
        } + [.init("unfused_by_fused", "ratio")]

    private func row(
        _ shape: MatrixShape, tokens: Int, fused: Samples?, unfused: Samples, readBandwidth: Double
    ) -> [BenchTable.Cell] {
        func cells(_ seconds: Samples?) -> [BenchTable.Cell] {
            guard let seconds else { return Array(repeating: .missing, count: 5) }
            let rate = Double(shape.columns * shape.rows / 4) / seconds.median
            return seconds.map { $0 * 1e6 }.cells(digits: 1) + [
                .number(rate / 1e9, digits: 1), .number(rate / readBandwidth * 100, digits: 1),
            ]
        }
        return [.int(tokens), .int(shape.columns), .int(shape.rows)] + cells(fused) + cells(unfused)
            + [.optional(fused.map { unfused.median / $0.median }, digits: 2)]
    }
}
