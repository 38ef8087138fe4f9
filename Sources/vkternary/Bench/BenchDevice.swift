import ArgumentParser
import TernaryModels
import VulkanCompute

struct BenchDevice: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Measure what a Vulkan device can do at best: memory, dispatches, submissions.",
        discussion: """
            "copy" counts the bytes read and those written. "dispatch" is one of many that do next to nothing, one behind the other: with a \
            barrier after each, as a decode step has them, and without. "submission" is by the host's clock: from handing the device one \
            dispatch to knowing that it is done. All else is by the device's clock.
            """)

    @OptionGroup var options: VulkanDeviceOptions

    @Option(help: "Runs of each measurement.")
    var repetitions = 20

    @OptionGroup var output: BenchOutput

    mutating func validate() throws {
        if !(1...10_000).contains(repetitions) { throw ValidationError("--repetitions takes 1 to 10000.") }
    }

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        try output.checkFiles()
        let device = try options.open(for: "device")
        Interrupt.listen()
        var table = BenchTable(
            facts: BenchFacts.common(benchmark: "device", deviceName: device.description.name, device: device.description) + [
                (.init("repetitions", "repetitions"), .int(repetitions))
            ],
            columns: [
                .init("measurement", "measurement"), .init("median", "median"), .init("lowest", "lowest"),
                .init("highest", "highest"),
                .init("unit", "unit"),
            ])
        let limits = DeviceLimits(device: device, repetitions: repetitions)
        let measurements: [(name: String, unit: String, run: () throws -> Samples)] = [
            ("read", "GB/s", limits.readBandwidth), ("copy", "GB/s", limits.copyBandwidth),
            ("dispatch with barrier", "us", { try limits.dispatch(withBarrier: true) }),
            ("dispatch without barrier", "us", { try limits.dispatch(withBarrier: false) }),
            ("submission", "us", limits.submission),
        ]
        var bar = ProgressBar("Measuring")
        defer { bar.finish() }
        for (index, measurement) in measurements.enumerated() {
            bar.update(Double(index) / Double(measurements.count))
            table.append([.text(measurement.name)] + (try measurement.run()).cells(digits: 2) + [.text(measurement.unit)])
        }
        bar.finish()
        try output.write(table)
    }
}
