import ArgumentParser
import TernaryCore
import TernaryModels
import VulkanCompute

struct BenchModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Measure how fast a model takes prompts (pp) and writes (tg).",
        discussion: """
            pp512 is a prompt of 512 tokens taken at once, tg128 are 128 tokens written one by one, each the likeliest after the one before; \
            "tg128 b=4" are four such sequences at a time, whose tokens share one reading of the weights and are counted together. \
            Each test runs once to warm up. "of read bandwidth" is what decoding has to read, the weights \
            once a step and of a transformer every sequence's keys and values so far, as a share of what the device was just measured to \
            read: what decoding can reach at most. "on device" is the share of the time that the device's \
            own clock saw.
            """)

    @OptionGroup var options: ModelOptions

    @Option(
        help: ArgumentHelp(
            "Lengths of prompts, separated by commas, or none. (default: 512,2048)", valueName: "counts"),
        transform: BenchArguments.countsOrNone)
    var promptTokens: [Int] = [512, 2048]

    @Option(
        help: ArgumentHelp(
            "Numbers of tokens to write, separated by commas, or none. (default: 128)", valueName: "counts"),
        transform: BenchArguments.countsOrNone)
    var generateTokens: [Int] = [128]

    @Option(
        help: ArgumentHelp("Numbers of sequences to write at a time, separated by commas. (default: 1)", valueName: "counts"),
        transform: BenchArguments.batches)
    var batch: [Int] = [1]

    @Option(help: "Runs of each test.")
    var repetitions = 5

    @Flag(
        help:
            "Measure joules per token too, beyond what the device takes when idle, beside those of the arithmetic at 7 nm: NVIDIA GPUs only."
    )
    var energy = false

    @OptionGroup var output: BenchOutput

    mutating func validate() throws {
        if !(1...10_000).contains(repetitions) { throw ValidationError("--repetitions takes 1 to 10000.") }
        if promptTokens.isEmpty && generateTokens.isEmpty {
            throw ValidationError("--prompt-tokens none and --generate-tokens none leave nothing to measure.")
        }
    }

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        try output.checkFiles()
        var device: DeviceDescription?
        if case .vulkan(let description) = try options.deviceChoice.resolve() { device = description }
        Interrupt.listen()
        let meter = try energy ? EnergyMeter(device) : nil
        let model = try options.prepare(quiet: false, sequences: generateTokens.isEmpty ? 1 : batch.max() ?? 1)
        let readBandwidth = try? model.engine.measureReadBandwidth()
        var table = BenchTable(
            facts: try facts(model, device: device, readBandwidth: readBandwidth)
                + (meter.map { $0.facts + ArithmeticEnergy.facts } ?? []),
            columns: Self.columns + (meter == nil ? [] : EnergyMeter.columns + ArithmeticEnergy.columns))
        let tests =
            promptTokens.map { ModelTest(kind: .prompt, count: $0) }
            + generateTokens.flatMap { count in batch.map { ModelTest(kind: .text, count: count, batch: $0) } }
        for test in tests { try model.engine.checkRoom(for: test.contextTokens) }
        var bar = ProgressBar("Measuring")
        defer { bar.finish() }
        for (index, test) in tests.enumerated() {
            let result = try test.run(model, repetitions: repetitions) {
                bar.update((Double(index) + $0) / Double(tests.count))
            }
            let energy = try meter.map { try $0.measure(test, model) + test.arithmetic(model.configuration).cells } ?? []
            table.append(row(test, result, model: model, readBandwidth: readBandwidth) + energy)
        }
        bar.finish()
        try output.write(table)
    }

    private func facts(_ model: LoadedModel, device: DeviceDescription?, readBandwidth: Double?) throws -> [BenchTable.Fact] {
        let form = model.engine.formDescription
        let processor = device == nil ? BenchFacts.processor : []
        return try BenchFacts.common(benchmark: "model", deviceName: model.engine.deviceName, device: device) + processor + [
            (.init("model", "model"), .text(model.name)),
            (.init("parameters", "parameters"), .int(model.configuration.parameters)),
            (.init("ternary_bytes", "bytes of packed weights"), .int(model.ternaryByteCount)),
            (
                .init("key_value_bytes_each", "bytes of a token's keys and values"),
                keyValueBytes(model.configuration).map { .int($0) } ?? .missing
            ),
            (.init("form", "form of the BitLinears"), form.map { .text($0) } ?? .missing),
            (.init("read_gb_per_second", "read bandwidth, GB/s"), .optional(readBandwidth.map { $0 / 1e9 }, digits: 1)),
            (.init("repetitions", "repetitions"), .int(repetitions)),
        ]
    }

    /// Bytes that a step reads for each token that a sequence has come to; nil where nothing is kept of them.
    private func keyValueBytes(_ configuration: ModelConfiguration) -> Int? {
        guard case .transformer(let shape) = configuration else { return nil }
        return options.keysAndValues.bytesEach(shape)
    }

    private static let columns: [BenchTable.Column] = [
        .init("test", "test"), .init("batch", "sequences"), .init("tokens_per_second", "tokens/s"),
        .init("tokens_per_second_lowest", "lowest"),
        .init("tokens_per_second_highest", "highest"), .init("tokens_per_second_each", "per sequence"),
        .init("milliseconds_per_token", "ms/token"),
        .init("on_device_percent", "on device, %"), .init("read_bandwidth_percent", "of read bandwidth, %"),
    ]

    private func row(
        _ test: ModelTest, _ result: ModelTest.Result, model: LoadedModel, readBandwidth: Double?
    ) -> [BenchTable.Cell] {
        let rate = result.seconds.map { Double(test.tokens) / $0 }
        let kept = Double(keyValueBytes(model.configuration) ?? 0) * Double(test.batch) * test.averageContext
        let read = (Double(model.ternaryByteCount) + kept) * rate.median / Double(test.batch)
        // A prompt's tokens share one reading of the weights: the ceiling is not theirs.
        let share = test.kind == .text ? readBandwidth.map { read / $0 * 100 } : nil
        return [.text(test.name), .int(test.batch)] + rate.cells(digits: 1) + [
            .number(rate.median / Double(test.batch), digits: 1),
            .number(result.seconds.median / Double(test.tokens) * 1000, digits: 4),
            .optional(result.deviceShare.map { $0 * 100 }, digits: 1), .optional(share, digits: 1),
        ]
    }
}
