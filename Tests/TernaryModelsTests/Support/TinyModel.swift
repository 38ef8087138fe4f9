import TernaryCore
import Testing

/// A shape that ends inside tiles, registers and groups of rows.
struct TinyModel: Sendable, CustomTestStringConvertible {
    var hidden: Int
    var state: Int?
    var intermediate: Int
    var layers: Int
    var vocabulary: Int
    var lowerBounds = true

    var testDescription: String {
        "H \(hidden) D \(state ?? hidden) I \(intermediate) L \(layers) V \(vocabulary)\(lowerBounds ? "" : ", no lower bounds")"
    }

    func weights(seed: UInt64 = 1) -> MatMulFreeWeights {
        .random(
            configuration: MatMulFreeConfiguration(
                vocabularySize: vocabulary, hiddenSize: hidden, stateSize: state, intermediateSize: intermediate,
                layerCount: layers, usesLowerBounds: lowerBounds),
            seed: seed)
    }

    /// Random tokens, the first and the last of the vocabulary among them.
    func tokens(_ count: Int, seed: UInt64 = 7) -> [Int] {
        var random = SplitMix64(seed: seed)
        let drawn = (0..<count).map { _ in Int(random.next() % UInt64(vocabulary)) }
        return Array(([0, vocabulary - 1] + drawn).prefix(count))
    }

    // Few shapes, used by all tests: on a software driver the pipelines of each take seconds to compile.
    static let small = TinyModel(hidden: 70, intermediate: 45, layers: 2, vocabulary: 51)
    static let wide = TinyModel(hidden: 200, intermediate: 131, layers: 3, vocabulary: 37, lowerBounds: false)
    static let expanded = TinyModel(hidden: 33, state: 66, intermediate: 19, layers: 1, vocabulary: 21, lowerBounds: false)
    /// Rows without padding, for which buffers share memory; the channel mixer's are the wider.
    static let tiled = TinyModel(hidden: 48, state: 32, intermediate: 112, layers: 2, vocabulary: 29, lowerBounds: false)
    static let all = [small, wide, expanded, tiled]
}
