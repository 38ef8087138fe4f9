import Glibc
import TernaryCore

extension RotaryEmbedding {
    /// Reads `rope_theta` with `rope_scaling`, or `rope_parameters`, as transformers does: `rope_scaling` goes before
    /// `rope_parameters`, and a theta in either of them before one beside it.
    init(_ reader: ConfigurationReader, _ family: TransformerFamily, context: Int) throws {
        let thetas = 1.001...1e15
        let theta = try reader.number("rope_theta", in: thetas) ?? family.theta
        try Self.refusePartial(reader)
        // An empty object is as good as none.
        let key = reader.value("rope_scaling")?.object?.isEmpty == false ? "rope_scaling" : "rope_parameters"
        _ = try reader.object("rope_scaling")
        guard let parameters = try reader.object(key) else {
            self.init(theta: Float(theta))
            return
        }
        try Self.refusePartial(parameters)
        self.init(
            theta: Float(try parameters.number("rope_theta", in: thetas) ?? theta),
            scaling: try Self.scaling(parameters, reader, context: context))
    }

    private static func refusePartial(_ reader: ConfigurationReader) throws {
        guard let share = try reader.number("partial_rotary_factor", in: 0...1), share != 1 else { return }
        throw reader.fail("partial_rotary_factor", "is \(share); heads are turned as a whole")
    }

    private static func scaling(
        _ reader: ConfigurationReader, _ outer: ConfigurationReader, context: Int
    ) throws -> RotaryEmbedding.Scaling {
        for kind in ["full_attention", "sliding_attention"] where reader.has(kind) {
            throw reader.fail(kind, "parameters for each type of layer are not supported")
        }
        let key = reader.has("rope_type") ? "rope_type" : "type"
        let factors = 1e-3...1e6
        func required(_ key: String) throws -> Double {
            guard let value = try reader.number(key, in: factors) else { throw reader.fail(key, "is missing") }
            return value
        }
        func original() throws -> Int {
            let lengths = 1...TransformerConfiguration.longestContext
            return try outer.int("original_max_position_embeddings", in: lengths)
                ?? reader.int("original_max_position_embeddings", in: lengths) ?? context
        }
        switch try reader.string(key) ?? "default" {
        case "default": return .none
        case "linear": return .linear(factor: Float(try required("factor")))
        case "llama3":
            let (low, high) = (try required("low_freq_factor"), try required("high_freq_factor"))
            guard Float(low) < Float(high) else {
                throw reader.fail("high_freq_factor", "is \(high), not above low_freq_factor \(low)")
            }
            return .llama3(
                factor: Float(try required("factor")), lowFrequencyFactor: Float(low), highFrequencyFactor: Float(high),
                originalContext: try original())
        case "yarn":
            let original = try original()
            let factor = try reader.number("factor", in: factors) ?? Double(context) / Double(original)
            // Zero is as good as absent, as it is upstream.
            func rotations(_ key: String) throws -> Double? {
                reader.value(key)?.double == 0 ? nil : try reader.number(key, in: factors)
            }
            return .yarn(
                factor: Float(factor), betaFast: Float(try rotations("beta_fast") ?? 32),
                betaSlow: Float(try rotations("beta_slow") ?? 1),
                attentionFactor: Float(try attentionFactor(reader, factor: factor)), originalContext: original,
                truncates: try reader.bool("truncate") ?? true)
        case let name:
            throw reader.fail(key, "\"\(name.forMessage)\" is not supported; default, linear, llama3 and yarn are")
        }
    }

    /// `attention_factor`; where it is absent, 0.1 * mscale * ln(factor) + 1 over the same with `mscale_all_dim`.
    private static func attentionFactor(_ reader: ConfigurationReader, factor: Double) throws -> Double {
        if let given = try reader.number("attention_factor", in: 1e-3...1e3) { return given }
        func scale(_ multiplier: Double) -> Double { factor <= 1 ? 1 : 0.1 * multiplier * log(factor) + 1 }
        let multipliers = 0.0...1e3
        let (above, below) = (
            try reader.number("mscale", in: multipliers) ?? 0, try reader.number("mscale_all_dim", in: multipliers) ?? 0
        )
        return above != 0 && below != 0 ? scale(above) / scale(below) : scale(1)
    }
}
