import TernaryCore

/// What kernels are measured on, the same on every device.
enum KernelValues {
    static let epsilon: Float = 1e-6
    /// Different rows of activations; tokens take turns.
    static let patterns = 2

    /// Rows of activations between -0.5 and 0.5.
    static func activations(_ width: Int, seed: UInt64) -> [[Float]] {
        var random = SplitMix64(seed: seed)
        return (0..<patterns).map { _ in (0..<width).map { _ in Exact.settle(Float(random.unit() - 0.5)) } }
    }

    /// Norms of rows of a width, all behind one outer norm.
    static func weightings(_ count: Int, width: Int) -> [InputNorm] {
        var random = SplitMix64(seed: 1)
        let outer = (0..<width).map { _ in Float(0.8 + 0.4 * random.unit()) }
        return (0..<count).map { _ in
            InputNorm(
                outer: outer, outerEpsilon: epsilon, inner: (0..<width).map { _ in Float(0.8 + 0.4 * random.unit()) })
        }
    }

    /// Of the forget gates of channels.
    static func lowerBound(_ channels: Int) -> [Float] { activations(channels, seed: 5)[0].map { $0 + 0.5 } }

    /// Attention whose query heads have a width together: of 128 values each or the most that divides it, four to a key head where that is
    /// possible. Nil where there are no such heads.
    static func attention(width: Int) -> TransformerConfiguration? {
        guard let size = [128, 64, 32, 16, 8, 4].first(where: { width.isMultiple(of: $0) }) else { return nil }
        let heads = width / size
        return TransformerConfiguration(
            vocabularySize: 1, hiddenSize: width, intermediateSize: 1, layerCount: 1, headCount: heads,
            keyValueHeadCount: heads.isMultiple(of: 4) ? heads / 4 : heads, headSize: size, normEpsilon: epsilon,
            rotation: RotaryEmbedding(theta: 10_000), activation: .silu)
    }

    /// Keys or values of tokens as f16 keeps them. They take turns: as many as are no divisor of a chunk's or a tile's length, so that no two of
    /// these are alike.
    static func texts(_ width: Int, seed: UInt64) -> [[Float]] {
        var random = SplitMix64(seed: seed)
        return (0..<67).map { _ in
            KeyValueElement.float16.rounded((0..<width).map { _ in Float(random.unit() - 0.5) })
        }
    }
}
