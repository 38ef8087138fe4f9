import ArgumentParser
import TernaryCPU
import TernaryModels
import VulkanCompute

struct BenchDevice: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Measure what a device can do at best: memory, int8 products, and what it costs to begin and to wait.",
        discussion: """
            Each row says what it is the ceiling of. A copy counts the bytes read and those written; an int8 product counts two operations. \
            Every result is checked.

            Vulkan: "int8, matrix units alone" multiplies what is in registers; "int8 product" is a whole product of two plain matrices, by \
            the best of several tiles. A dispatch is one of many that do next to nothing, one behind the other. A submission is by the \
            host's clock: from handing the device one dispatch to knowing that it is done. All else is by the device's clock.

            The CPU: memory is read by the best of several loops, each with another number of places that are read side by side; --threads \
            says on how many threads, and one thread is measured beside them. "int8, registers alone" are the instructions that multiply \
            bytes; "int8 product" is the ternary product of a prompt or of a token with weights and activations in the caches. \
            VKTERNARY_CPU chooses the instructions.
            """)

    @OptionGroup var options: BenchDeviceOptions

    @Option(help: "Runs of each measurement.")
    var repetitions = 20

    @OptionGroup var output: BenchOutput

    mutating func validate() throws {
        if !(1...10_000).contains(repetitions) { throw ValidationError("--repetitions takes 1 to 10000.") }
    }

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        try output.checkFiles()
        let target = try options.open(for: "device")
        Interrupt.listen()
        let measurements: [DeviceMeasurement]
        switch target {
        case .vulkan(let device): measurements = DeviceLimits(device: device, repetitions: repetitions).all
        case .cpu(let workers): measurements = try CPULimits(workers, repetitions: repetitions).all
        }
        var table = BenchTable(
            facts: try BenchFacts.common(benchmark: "device", target) + [
                (.init("repetitions", "repetitions"), .int(repetitions))
            ],
            columns: [
                .init("measurement", "measurement"), .init("median", "median"), .init("lowest", "lowest"),
                .init("highest", "highest"), .init("unit", "unit"), .init("how", "how"), .init("ceiling_of", "ceiling of"),
            ])
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
}

/// One thing to measure of a device.
struct DeviceMeasurement {
    let name, unit: String
    /// What cannot do better.
    let ceilingOf: String
    /// The result and how it was got; nil where the device has not what it takes.
    let run: () throws -> (Samples, how: String?)?
}

extension DeviceLimits {
    /// Everything that there is to measure.
    var all: [DeviceMeasurement] {
        let dot = device.description.features.contains(.integerDotProduct) ? "packed dot products" : "one by one"
        let side = matmulSide
        return [
            .init(name: "read", unit: "GB/s", ceilingOf: "decoding and whatever reads more than it writes") {
                (try readBandwidth(), "kernel, 16 bytes a load")
            },
            .init(name: "copy", unit: "GB/s", ceilingOf: "ops that write as much as they read") {
                (try copyBandwidth(byKernel: true), "kernel, 16 bytes a load and store")
            },
            .init(name: "copy by command", unit: "GB/s", ceilingOf: "uploads and downloads within the device; no op's") {
                (try copyBandwidth(byKernel: false), "vkCmdCopyBuffer")
            },
            .init(name: "int8, matrix units alone", unit: "TOPS", ceilingOf: "any product on matrix units; nothing is loaded") {
                try int8UnitsRate().map { ($0, "16x16x32, registers only") }
            },
            .init(name: "int8 product", unit: "TOPS", ceilingOf: "ternary products of prompts and batches on matrix units") {
                try int8Matmul().map { ($0.0, "\(side)x\(side)x\(side), tiles of \($0.tile)") }
            },
            .init(
                name: "int8, no matrix units", unit: "TOPS", ceilingOf: "ternary products of few tokens or without matrix units"
            ) {
                (try int8Rate(), dot)
            },
            .init(name: "dispatch with barrier", unit: "us", ceilingOf: "phases that wait for each other: a decode step's") {
                (try dispatch(withBarrier: true), nil)
            },
            .init(name: "dispatch without barrier", unit: "us", ceilingOf: "dispatches that need not wait") {
                (try dispatch(withBarrier: false), nil)
            },
            .init(name: "submission", unit: "us", ceilingOf: "steps whose result the host waits for") {
                (try submission(), "host's clock")
            },
        ]
    }
}
