import ArgumentParser
import TernaryModels
import VulkanCompute

struct BenchDevice: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Measure what a Vulkan device can do at best: memory, int8 products, dispatches, submissions.",
        discussion: """
            Each row says what it is the ceiling of. A copy counts the bytes read and those written; an int8 product counts two operations. \
            "int8, matrix units alone" multiplies what is in registers; "int8 product" is a whole product of two plain matrices, by the \
            best of several tiles. A dispatch is one of many that do next to nothing, one behind the other. A submission is by the host's \
            clock: from handing the device one dispatch to knowing that it is done. All else is by the device's clock. Every result is \
            checked.
            """)

    @OptionGroup var options: VulkanDeviceOptions

    @Option(help: "Runs of each measurement.")
    var repetitions = 20

    @OptionGroup var output: BenchOutput

    mutating func validate() throws {
        if !(1...10_000).contains(repetitions) { throw ValidationError("--repetitions takes 1 to 10000.") }
    }

    func run() throws { try Failure.reporting { try start() } }

    /// One thing to measure.
    private struct Measurement {
        let name, unit: String
        /// What cannot do better.
        let ceilingOf: String
        /// The result and how it was got; nil where the device has not what it takes.
        let run: () throws -> (Samples, how: String?)?
    }

    private func start() throws {
        try output.checkFiles()
        let device = try options.open(for: "device")
        Interrupt.listen()
        var table = BenchTable(
            facts: try BenchFacts.common(benchmark: "device", deviceName: device.description.name, device: device.description) + [
                (.init("repetitions", "repetitions"), .int(repetitions))
            ],
            columns: [
                .init("measurement", "measurement"), .init("median", "median"), .init("lowest", "lowest"),
                .init("highest", "highest"), .init("unit", "unit"), .init("how", "how"), .init("ceiling_of", "ceiling of"),
            ])
        let measurements = Self.measurements(DeviceLimits(device: device, repetitions: repetitions))
        var bar = ProgressBar("Measuring")
        defer { bar.finish() }
        for (index, measurement) in measurements.enumerated() {
            bar.update(Double(index) / Double(measurements.count))
            let result = try measurement.run()
            table.append(
                [.text(measurement.name)] + (result?.0.cells(digits: 2) ?? [.missing, .missing, .missing]) + [
                    .text(measurement.unit), (result?.how).map { .text($0) } ?? .missing, .text(measurement.ceilingOf),
                ])
        }
        bar.finish()
        try output.write(table)
    }

    private static func measurements(_ limits: DeviceLimits) -> [Measurement] {
        let dot = limits.device.description.features.contains(.integerDotProduct) ? "packed dot products" : "one by one"
        let side = limits.matmulSide
        return [
            .init(name: "read", unit: "GB/s", ceilingOf: "decoding and whatever reads more than it writes") {
                (try limits.readBandwidth(), "kernel, 16 bytes a load")
            },
            .init(name: "copy", unit: "GB/s", ceilingOf: "ops that write as much as they read") {
                (try limits.copyBandwidth(byKernel: true), "kernel, 16 bytes a load and store")
            },
            .init(name: "copy by command", unit: "GB/s", ceilingOf: "uploads and downloads within the device; no op's") {
                (try limits.copyBandwidth(byKernel: false), "vkCmdCopyBuffer")
            },
            .init(name: "int8, matrix units alone", unit: "TOPS", ceilingOf: "any product on matrix units; nothing is loaded") {
                try limits.int8UnitsRate().map { ($0, "16x16x32, registers only") }
            },
            .init(name: "int8 product", unit: "TOPS", ceilingOf: "ternary products of prompts and batches on matrix units") {
                try limits.int8Matmul().map { ($0.0, "\(side)x\(side)x\(side), tiles of \($0.tile)") }
            },
            .init(
                name: "int8, no matrix units", unit: "TOPS", ceilingOf: "ternary products of few tokens or without matrix units"
            ) {
                (try limits.int8Rate(), dot)
            },
            .init(name: "dispatch with barrier", unit: "us", ceilingOf: "phases that wait for each other: a decode step's") {
                (try limits.dispatch(withBarrier: true), nil)
            },
            .init(name: "dispatch without barrier", unit: "us", ceilingOf: "dispatches that need not wait") {
                (try limits.dispatch(withBarrier: false), nil)
            },
            .init(name: "submission", unit: "us", ceilingOf: "steps whose result the host waits for") {
                (try limits.submission(), "host's clock")
            },
        ]
    }
}
