import Glibc

/// Rotary position embedding (RoPE, arXiv 2104.09864), half-split: element i of a head pairs with element i + d/2.
public struct RotaryEmbedding: Sendable, Equatable {
    /// How frequencies are changed for contexts beyond those of training.
    public enum Scaling: Sendable, Equatable {
        case none
        /// Positions divided by a factor.
        case linear(factor: Float)
        /// LLaMA 3.1: low frequencies divided by `factor`, high ones kept, those between blended.
        case llama3(factor: Float, lowFrequencyFactor: Float, highFrequencyFactor: Float, originalContext: Int)
        /// YaRN (arXiv 2309.00071): a ramp between divided and kept frequencies, and `attentionFactor` on sines and cosines.
        case yarn(
            factor: Float, betaFast: Float, betaSlow: Float, attentionFactor: Float, originalContext: Int, truncates: Bool)
        /// Each frequency divided by a number of its own, `(headSize / 2)`: how GGUF states any of these.
        case divided([Float])
    }

    /// Base of the frequencies.
    public var theta: Float
    /// What is done for long contexts.
    public var scaling: Scaling

    /// A rotation.
    public init(theta: Float, scaling: Scaling = .none) {
        self.theta = theta
        self.scaling = scaling
    }

    /// Radians a position, `(headSize / 2)`.
    public func frequencies(headSize: Int) -> [Float] {
        let half = headSize / 2
        let plain = (0..<half).map { index in
            1 / Float(pow(Double(theta), Double(Float(2 * index) / Float(headSize))))
        }
        switch scaling {
        case .none: return plain
        case .linear(let factor): return plain.map { $0 / factor }
        case .divided(let divisors):
            precondition(divisors.count == half, "\(divisors.count) divisors for \(half) frequencies")
            return zip(plain, divisors).map { $0 / $1 }
        case .llama3(let factor, let low, let high, let original):
            let (longest, shortest) = (Float(original) / low, Float(original) / high)
            return plain.map { frequency in
                let wavelength = 2 * Float.pi / frequency
                if wavelength < shortest { return frequency }
                if wavelength > longest { return frequency / factor }
                let smooth = (Float(original) / wavelength - low) / (high - low)
                return (1 - smooth) * frequency / factor + smooth * frequency
            }
        case .yarn(let factor, let betaFast, let betaSlow, _, let original, let truncates):
            func dimension(_ rotations: Float) -> Double {
                Double(headSize) * log(Double(original) / (Double(rotations) * 2 * Double.pi)) / (2 * log(Double(theta)))
            }
            var (low, high) = (dimension(betaFast), dimension(betaSlow))
            if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
            (low, high) = (max(low, 0), min(high, Double(headSize - 1)))
            if low == high { high += 0.001 }
            return plain.enumerated().map { index, frequency in
                let ramp = Float(min(max((Double(index) - low) / (high - low), 0), 1))
                return frequency / factor * ramp + frequency * (1 - ramp)
            }
        }
    }

    /// What sines and cosines are multiplied by.
    public var attentionFactor: Float {
        if case .yarn(_, _, _, let factor, _, _) = scaling { return factor }
        return 1
    }

    /// Cosines and sines of one position, `(headSize / 2)` each; angles as upstream computes them, in binary32.
    ///
    /// Made once on the host for all backends, so that no device's own sine is asked.
    public static func turn(_ position: Int, frequencies: [Float], factor: Float) -> (cosines: [Float], sines: [Float]) {
        let angles = frequencies.map { Double(Float(position) * $0) }
        return (angles.map { Exact.factor(Float(cos($0)) * factor) }, angles.map { Exact.factor(Float(sin($0)) * factor) })
    }
}
