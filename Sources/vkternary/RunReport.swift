import Glibc
import TernaryCore
import TernaryModels
import VulkanCompute

/// The statistics of a run, for a person and for a machine.
struct RunReport {
    let model: LoadedModel
    let statistics: GenerationStatistics
    /// nil where nothing was drawn at random.
    let seed: UInt64?
    /// Bytes per second that the device's memory can be read at; nil where it was not measured.
    let readBandwidth: Double?
    /// Before the measurement of bandwidth, which takes memory of its own.
    let memory, peakMemory: MemoryUse
    /// The most memory that this process has had at a time, whatever it was for.
    let peakProcessBytes: Int

    /// Seconds from the start of the process to the first token drawn; nil where nobody knows or it would mean nothing.
    let startToFirstToken: Double?

    /// - Parameters:
    ///   - startToFirstToken: seconds from the start of the process.
    ///   - measuresBandwidth: of the device, which takes a moment; it stays unknown where there is no room left for that.
    init(
        model: LoadedModel, statistics: GenerationStatistics, seed: UInt64?, startToFirstToken: Double? = nil,
        measuresBandwidth: Bool = true
    ) {
        self.model = model
        self.startToFirstToken = startToFirstToken
        self.statistics = statistics
        self.seed = seed
        memory = model.engine.memory
        peakMemory = model.engine.peakMemory
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        peakProcessBytes = usage.ru_maxrss * 1024
        readBandwidth = measuresBandwidth ? try? model.engine.measureReadBandwidth() : nil
    }

    /// Bytes of packed weights that decoding reads per second.
    private var weightBytesPerSecond: Double { Double(model.ternaryByteCount) * statistics.decodeTokensPerSecond }

    private var deviceShare: String {
        guard let seconds = statistics.decodeDeviceSeconds, statistics.decodeSteps > 0 else { return "" }
        return " (\((seconds * 1000 / Double(statistics.decodeSteps)).fixed(3)) ms of them on the device)"
    }

    var lines: [String] {
        var lines = [
            "model    \(model.name): \(model.configuration.parameters.grouped) parameters, "
                + "\(bytes(model.ternaryByteCount)) of weights that a token reads",
            "device   \(model.engine.deviceName)",
            "memory   \(bytes(memory.device)) on the device (\(bytes(peakMemory.device)) at most), "
                + "\(bytes(memory.host)) on the host\(memory.mapped > 0 ? ", \(bytes(memory.mapped)) of them in the mapped file" : "") "
                + "(whole process: \(bytes(peakProcessBytes)) at most)",
        ]
        if let form = model.engine.decodeDescription { lines.append("decode   \(form)") }
        if let parts = model.engine.deviceMemory { lines.append("buffers  \(parts.text)") }
        lines += [
            "load     \(model.loadSeconds.fixed(3)) s",
            "prefill  \(statistics.promptTokens) tokens, \(statistics.prefillTokensPerSecond.fixed(1)) tokens/s",
        ]
        if statistics.firstTokenSeconds > 0 {
            let whole = startToFirstToken.map { ", \($0.fixed(2)) s after the program was started" } ?? ""
            lines.append("first    token after \((statistics.firstTokenSeconds * 1000).fixed(1)) ms\(whole)")
        } else if let startToFirstToken {
            lines.append("first    token \(startToFirstToken.fixed(2)) s after the program was started")
        }
        if statistics.decodeSteps > 0 {
            lines.append(
                "decode   \(statistics.decodeSteps) tokens, \(statistics.decodeTokensPerSecond.fixed(1)) tokens/s, "
                    + "\(statistics.millisecondsPerToken.fixed(3)) ms/token\(deviceShare)")
            let rate = "weights  \((weightBytesPerSecond / 1e9).fixed(2)) GB/s"
            if let readBandwidth, readBandwidth > 0 {
                lines.append(
                    "\(rate), \((weightBytesPerSecond / readBandwidth * 100).fixed(1))% of the \((readBandwidth / 1e9).fixed(1)) GB/s "
                        + "at which this device was just measured to read memory")
            } else {
                lines.append(rate)
            }
        }
        if let seed { lines.append("seed     \(seed)") }
        lines.append("logits   \(statistics.logitsHash)")
        return lines
    }

    var json: JSONText {
        .object([
            ("model", .string(model.name)), ("device", .string(model.engine.deviceName)),
            ("parameters", .int(model.configuration.parameters)), ("ternary_bytes", .int(model.ternaryByteCount)),
            ("device_bytes", .int(memory.device)),
            ("peak_device_bytes", .int(peakMemory.device)),
            ("device_buffers", model.engine.deviceMemory?.json ?? .null),
            ("host_bytes", .int(memory.host)), ("mapped_bytes", .int(memory.mapped)),
            ("decode", model.engine.decodeDescription.map { .string($0) } ?? .null),
            ("peak_process_bytes", .int(peakProcessBytes)), ("load_seconds", .double(model.loadSeconds)),
            ("prompt_tokens", .int(statistics.promptTokens)), ("prefill_seconds", .double(statistics.prefillSeconds)),
            ("prefill_tokens_per_second", .double(statistics.prefillTokensPerSecond)),
            ("first_token_seconds", .double(statistics.firstTokenSeconds)),
            ("start_to_first_token_seconds", startToFirstToken.map { .double($0) } ?? .null),
            ("generated_tokens", .int(statistics.generatedTokens)), ("decode_steps", .int(statistics.decodeSteps)),
            ("decode_seconds", .double(statistics.decodeSeconds)),
            ("decode_device_seconds", statistics.decodeDeviceSeconds.map { .double($0) } ?? .null),
            ("decode_tokens_per_second", .double(statistics.decodeTokensPerSecond)),
            ("milliseconds_per_token", .double(statistics.millisecondsPerToken)),
            ("weight_bytes_per_second", .double(weightBytesPerSecond)),
            ("read_bandwidth_bytes_per_second", readBandwidth.map { .double($0) } ?? .null),
            ("read_bandwidth_share", readBandwidth.map { .double(weightBytesPerSecond / $0) } ?? .null),
            ("logits_hash", .string("\(statistics.logitsHash)")),
        ])
    }
}
