import TernaryCore
import TernaryModels

/// What `vkternary perplexity` has found out, for a person and for a machine.
struct PerplexityReport {
    let model: LoadedModel
    /// What the text is called.
    let file: String
    let textBytes: Int
    let windows: TextWindows
    let result: CrossEntropy
    /// That the scored tokens stand for.
    let bytes: Int
    /// Of all passes and sums.
    let seconds: Double
    /// How keys and values are kept, where there are any.
    let cacheElement: KeyValueElement

    private var cache: KeyValueElement? {
        if case .transformer = model.configuration { cacheElement } else { nil }
    }

    private var tokensPerSecond: Double { seconds > 0 ? Double(result.count) / seconds : 0 }

    private var convention: String {
        let length =
            windows.count > 1 ? "\(windows.length.grouped) tokens, \(windows.stride.grouped) apart" : "one holds the text"
        let start = windows.begin == nil ? "no begin token" : "each after the begin token"
        let keysAndValues = cache.map { "; keys and values in \($0.argument)" } ?? ""
        return "\(length); \(start)\(keysAndValues)"
    }

    private func bar(_ error: Double?) -> String { error.map { " +- \($0.fixed(5))" } ?? "" }

    var lines: [String] {
        [
            "model         \(model.name) on \(model.engine.deviceName)",
            "text          \(file): \(textBytes.grouped) bytes, \(windows.tokens.count.grouped) tokens",
            "windows       \(convention)",
            "scored        \(result.count.grouped) tokens, \(bytes.grouped) bytes, in \(seconds.fixed(2)) s "
                + "(\(tokensPerSecond.fixed(1)) tokens/s)",
            "nats/token    \(result.mean.fixed(5))\(bar(result.standardError))",
            "perplexity    \(result.perplexity.fixed(5))\(bar(result.perplexityError))",
            "bits/byte     \(result.bitsPerByte(bytes).fixed(5))",
        ]
    }

    var json: JSONText {
        .object([
            ("model", .string(model.name)), ("device", .string(model.engine.deviceName)), ("file", .string(file)),
            ("text_bytes", .int(textBytes)), ("text_tokens", .int(windows.tokens.count)),
            ("begin_token", windows.begin.map { .int($0) } ?? .null), ("windows", .int(windows.count)),
            ("window", .int(windows.length)), ("stride", windows.count > 1 ? .int(windows.stride) : .null),
            ("cache", cache.map { .string($0.argument) } ?? .null), ("scored_tokens", .int(result.count)),
            ("scored_bytes", .int(bytes)),
            ("nats_per_token", .double(result.mean)), ("nats_per_token_error", result.standardError.map { .double($0) } ?? .null),
            ("perplexity", .double(result.perplexity)), ("perplexity_error", result.perplexityError.map { .double($0) } ?? .null),
            ("bits_per_byte", .double(result.bitsPerByte(bytes))), ("complete", .bool(result.count == windows.scored.count)),
            ("seconds", .double(seconds)), ("tokens_per_second", .double(tokensPerSecond)),
        ])
    }
}
