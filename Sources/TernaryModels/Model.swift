import TernaryCore
import TernaryFiles

/// A model as a user names it: the built-in one, a file or directory, or random weights of a known shape.
public enum ModelSource: Sendable, Equatable {
    case embedded
    case path(String)
    /// The name of a preset of `MatMulFreeConfiguration`.
    case random(String)
}

/// Weights and tokenizer, read and checked.
public struct Model: Sendable {
    /// What to call it: a file's name, the built-in model's, or the preset's.
    public let name: String
    /// All weights, the ternary ones packed.
    public let weights: MatMulFreeWeights
    /// nil for random weights and checkpoints without a tokenizer, which have no text.
    public let tokenizer: Tokenizer?

    /// Reads a model.
    ///
    /// - Parameters:
    ///   - progress: is given the share that is read.
    ///   - check: is given the shape and the type in which the embedding is stored before any weight is read; what it throws ends it.
    /// - Throws: `FileError` with the file, the place and the reason, and what `check` throws.
    public static func load(
        _ source: ModelSource, progress: (Double) -> Void = { _ in },
        check: (MatMulFreeConfiguration, EmbeddingTable.Element) throws -> Void = { _, _ in }
    ) throws -> Model {
        switch source {
        case .random(let preset):
            let configuration = try configuration(preset: preset)
            try check(configuration, .float16)
            let weights = MatMulFreeWeights.random(configuration: configuration, seed: 1, progress: progress)
            return Model(name: "random \(preset)", weights: weights, tokenizer: nil)
        case .embedded, .path:
            let checkpoint = try checkpoint(source)!
            try check(checkpoint.configuration, checkpoint.embeddingElement)
            return Model(
                name: checkpoint.name, weights: try checkpoint.weights(progress: progress),
                tokenizer: checkpoint.hasTokenizer ? try checkpoint.tokenizer() : nil)
        }
    }

    /// The shape that `--random` names.
    private static func configuration(preset: String) throws -> MatMulFreeConfiguration {
        if let configuration = MatMulFreeConfiguration.preset(named: preset) { return configuration }
        let known = MatMulFreeConfiguration.presets.keys.sorted().joined(separator: ", ")
        throw FileError("--random", "no preset '\(preset)'; there are \(known)")
    }

    /// The file behind a source, opened and checked but not read; nil for random weights.
    public static func checkpoint(_ source: ModelSource) throws -> Checkpoint? {
        switch source {
        case .random: nil
        case .path(let path): try Checkpoint.open(path)
        case .embedded: try Checkpoint.open(EmbeddedModel.bytes, name: EmbeddedModel.name)
        }
    }
}
