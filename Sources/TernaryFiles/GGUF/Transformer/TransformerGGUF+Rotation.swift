import Glibc
import TernaryCore

extension TransformerGGUF {
    /// How positions turn queries and keys.
    static func rotation(_ keys: GGUFKeys, headSize: Int) throws -> RotaryEmbedding {
        let own = keys.own
        let theta = try keys.float(own("rope.freq_base"), in: 1...1e12) ?? 10_000
        let type = try keys.text(own("rope.scaling.type")) ?? "none"
        let divisors = try divisors(keys.file, count: headSize / 2)
        guard divisors == nil || type == "none" else {
            throw keys.fail(
                own("rope.scaling.type"), "\"\(type.forMessage)\" together with \(frequencyDivisors) is not supported")
        }
        if let divisors { return RotaryEmbedding(theta: theta, scaling: .divided(divisors)) }
        func factor() throws -> Float { try keys.requiredFloat(own("rope.scaling.factor"), in: 1...1e6) }
        switch type {
        case "none": return RotaryEmbedding(theta: theta)
        case "linear": return RotaryEmbedding(theta: theta, scaling: .linear(factor: try factor()))
        case "yarn":
            let factor = try factor()
            let extra = try keys.float(own("rope.scaling.attn_factor"), in: 1e-3...1e3) ?? 1
            let original = try keys.requiredInt(own("rope.scaling.original_context_length"), in: 1...1 << 40)
            return RotaryEmbedding(
                theta: theta,
                scaling: .yarn(
                    factor: factor, betaFast: try keys.float(own("rope.scaling.yarn_beta_fast"), in: 1e-3...1e6) ?? 32,
                    betaSlow: try keys.float(own("rope.scaling.yarn_beta_slow"), in: 1e-3...1e6) ?? 1,
                    attentionFactor: extra * Float(0.1 * log(Double(factor)) + 1), originalContext: original, truncates: true))
        default:
            throw keys.fail(own("rope.scaling.type"), "\"\(type.forMessage)\" is not supported; none, linear and yarn are")
        }
    }

    /// What frequencies are divided by, where the file has them.
    private static func divisors(_ file: GGUFFile, count: Int) throws -> [Float]? {
        guard file.tensors[frequencyDivisors] != nil else { return nil }
        let divisors = try file.vector(frequencyDivisors, count: count)
        guard divisors.allSatisfy({ $0 >= 1e-6 && $0 <= 1e6 }) else {
            throw FileError(file.path, at: frequencyDivisors, "has a divisor outside 1e-6...1e6")
        }
        return divisors
    }
}
