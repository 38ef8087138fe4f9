import Glibc
import TernaryCore

extension TransformerGGUF {
    /// How positions turn queries and keys.
    static func rotation(_ keys: GGUFKeys, headSize: Int) throws -> RotaryEmbedding {
        let own = keys.own
        let theta = try keys.float(own("rope.freq_base"), in: 2...1e12) ?? 10_000
        let type = try keys.text(own("rope.scaling.type")) ?? "none"
        let divisors = try divisors(keys.file, count: headSize / 2)
        guard divisors == nil || type == "none" else {
            throw keys.fail(
                own("rope.scaling.type"), "\"\(type.forMessage)\" together with \(frequencyDivisors) is not supported")
        }
        if let divisors { return RotaryEmbedding(theta: theta, scaling: try llama3(keys) ?? .divided(divisors)) }
        func factor() throws -> Float { try keys.requiredFloat(own("rope.scaling.factor"), in: 1...1e6) }
        switch type {
        case "none": return RotaryEmbedding(theta: theta)
        case "linear": return RotaryEmbedding(theta: theta, scaling: .linear(factor: try factor()))
        case "yarn":
            let factor = try factor()
            let extra = try keys.float(own("rope.scaling.attn_factor"), in: 1e-3...1e3) ?? 1
            let whole = try keys.float(attentionFactorKey, in: 1e-3...1e3)
            let original = try keys.requiredInt(own("rope.scaling.original_context_length"), in: 1...1 << 40)
            return RotaryEmbedding(
                theta: theta,
                scaling: .yarn(
                    factor: factor, betaFast: try keys.float(own("rope.scaling.yarn_beta_fast"), in: 1e-3...1e6) ?? 32,
                    betaSlow: try keys.float(own("rope.scaling.yarn_beta_slow"), in: 1e-3...1e6) ?? 1,
                    attentionFactor: whole ?? extra * yarnAttentionFactor(factor), originalContext: original, truncates: true))
        default:
            throw keys.fail(own("rope.scaling.type"), "\"\(type.forMessage)\" is not supported; none, linear and yarn are")
        }
    }

    /// What sines and cosines are multiplied by unless a model says otherwise (arXiv 2309.00071, section 3.4).
    static func yarnAttentionFactor(_ factor: Float) -> Float { Float(0.1 * log(Double(factor)) + 1) }

    /// The numbers that divisors were made of, where we wrote the file.
    private static func llama3(_ keys: GGUFKeys) throws -> RotaryEmbedding.Scaling? {
        guard let value = keys.file.metadata[llama3Scaling] else { return nil }
        guard case .floats(let numbers) = value, numbers.count == 4, numbers.allSatisfy({ $0 >= 1e-3 && $0 <= 1e9 }),
            numbers[2] > numbers[1]
        else { throw keys.fail(llama3Scaling, "must be a factor, a low and a higher one of frequencies, and a length") }
        return .llama3(
            factor: numbers[0], lowFrequencyFactor: numbers[1], highFrequencyFactor: numbers[2],
            originalContext: Int(numbers[3]))
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
