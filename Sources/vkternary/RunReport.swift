import TernaryCore
import TernaryModels

/// The statistics of a run, for a person and for a machine.
struct RunReport {
    let model: Model
    let engine: any Engine
    let statistics: GenerationStatistics
    /// Bytes per second that the device's memory can be read at; nil where it was not measured.
    let readBandwidth: Double?

    init(model: Model, engine: any Engine, statistics: GenerationStatistics, measuresBandwidth: Bool) throws {
        self.model = model
        self.engine = engine
        self.statistics = statistics
        readBandwidth = measuresBandwidth ? try engine.measureReadBandwidth() : nil
    }

    /// Bytes of packed weights that a decoded token reads, per second.
    private var weightBytesPerSecond: Double { Double(model.weights.ternaryByteCount) * statistics.decodeTokensPerSecond }

    private var deviceShare: String {
        guard let seconds = statistics.decodeDeviceSeconds, statistics.decodeSteps > 0 else { return "" }
        return ", \((seconds * 1000 / Double(statistics.decodeSteps)).fixed(3)) of them on the device"
    }

    var lines: [String] {
        let memory = engine.memory
        var lines = [
            "model    \(model.name): \(model.weights.configuration.parameters.grouped) parameters, \(bytes(model.weights.ternaryByteCount)) of ternary weights",
            "device   \(engine.deviceName)",
            "memory   \(bytes(memory.device)) on the device, \(bytes(memory.host)) on the host",
            "prefill  \(statistics.promptTokens) tokens, \(statistics.prefillTokensPerSecond.fixed(1)) tokens/s",
            "decode   \(statistics.decodeSteps) tokens, \(statistics.decodeTokensPerSecond.fixed(1)) tokens/s, "
                + "\(statistics.millisecondsPerToken.fixed(3)) ms/token\(deviceShare)",
        ]
        if statistics.firstTokenSeconds > 0 {
            lines.append("first    token after \((statistics.firstTokenSeconds * 1000).fixed(1)) ms")
        }
        if let readBandwidth, readBandwidth > 0 {
            lines.append(
                "weights  \((weightBytesPerSecond / 1e9).fixed(1)) GB/s, \((weightBytesPerSecond / readBandwidth * 100).fixed(1))% of the "
                    + "\((readBandwidth / 1e9).fixed(1)) GB/s that this device reads")
        }
        lines.append("logits   \(statistics.logitsHash)")
        return lines
    }

    var json: JSONText {
        .object([
            ("model", .string(model.name)), ("device", .string(engine.deviceName)),
            ("parameters", .int(model.weights.configuration.parameters)), ("ternary_bytes", .int(model.weights.ternaryByteCount)),
            ("device_bytes", .int(engine.memory.device)), ("host_bytes", .int(engine.memory.host)),
            ("prompt_tokens", .int(statistics.promptTokens)), ("prefill_seconds", .double(statistics.prefillSeconds)),
            ("prefill_tokens_per_second", .double(statistics.prefillTokensPerSecond)),
            ("generated_tokens", .int(statistics.generatedTokens)), ("decode_steps", .int(statistics.decodeSteps)),
            ("decode_seconds", .double(statistics.decodeSeconds)),
            ("decode_device_seconds", statistics.decodeDeviceSeconds.map { .double($0) } ?? .null),
            ("decode_tokens_per_second", .double(statistics.decodeTokensPerSecond)),
            ("milliseconds_per_token", .double(statistics.millisecondsPerToken)),
            ("first_token_seconds", .double(statistics.firstTokenSeconds)),
            ("weight_bytes_per_second", .double(weightBytesPerSecond)),
            ("read_bandwidth_bytes_per_second", readBandwidth.map { .double($0) } ?? .null),
            ("logits_hash", .string("\(statistics.logitsHash)")),
        ])
    }
}

/// A number of bytes in the unit that fits it.
func bytes(_ count: Int) -> String {
    switch count {
    case (1 << 30)...: "\((Double(count) / Double(1 << 30)).fixed(2)) GiB"
    case (1 << 20)...: "\((Double(count) / Double(1 << 20)).fixed(1)) MiB"
    case (1 << 10)...: "\((Double(count) / Double(1 << 10)).fixed(1)) KiB"
    default: "\(count) B"
    }
}

extension Double {
    /// With so many digits after the point, as people read it.
    func fixed(_ digits: Int) -> String {
        guard isFinite, abs(self) < 1e15 else { return "\(self)" }
        var power = 1.0
        for _ in 0..<digits { power *= 10 }
        let scaled = Int64((abs(self) * power).rounded())
        let whole = scaled / Int64(power)
        let sign = self < 0 && scaled != 0 ? "-" : ""
        if digits == 0 { return "\(sign)\(whole)" }
        let rest = String(scaled % Int64(power))
        return "\(sign)\(whole)." + String(repeating: "0", count: digits - rest.count) + rest
    }
}

extension Int {
    /// With a comma before every three digits.
    var grouped: String {
        var text = ""
        for (index, digit) in String(magnitude).reversed().enumerated() {
            if index > 0 && index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (self < 0 ? "-" : "") + String(text.reversed())
    }
}
