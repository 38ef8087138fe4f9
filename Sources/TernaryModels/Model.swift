import TernaryCore
import TernaryFiles

/// A model as a user names it: the built-in one, a file or directory, or random weights of a known shape.
public enum ModelSource: Sendable, Equatable {
    case embedded
    case path(String)
    /// The name of a `ModelPreset`.
    case random(String)
}

/// A model that is opened and checked, and of which nothing but the tokenizer is read.
public struct OpenModel: Sendable {
    /// What to call it: a file's name, the built-in model's, or the preset's.
    public let name: String
    /// Where its weights come from.
    public let weights: ModelWeights
    /// The type in which a MatMul-free model's embedding is stored; in memory it may be a narrower one.
    public let embeddingElement: EmbeddingTable.Element
    /// nil for random weights and checkpoints without a tokenizer, which have no text.
    public let tokenizer: Tokenizer?
    /// What was put right in the file's metadata, a line each.
    public let notices: [String]
    /// What its files say that it is: GGUF's `general.architecture`, or `model_type`; nil for random weights.
    public let architecture: String?
}

/// Weights and tokenizer, read and checked.
public struct Model: Sendable {
    /// What to call it: a file's name, the built-in model's, or the preset's.
    public let name: String
    /// All weights in memory, the ternary ones packed.
    public let weights: ModelWeights
    /// The type in which a MatMul-free model's embedding is stored; in memory it may be a narrower one.
    public let embeddingElement: EmbeddingTable.Element
    /// nil for random weights and checkpoints without a tokenizer, which have no text.
    public let tokenizer: Tokenizer?

    /// Reads a model.
    ///
    /// - Parameters:
    ///   - maps: whether tensors are used where they lie in files, as far as they can be.
    ///   - progress: is given the share that is read.
    ///   - check: is given the shape and the type in which the embedding is stored before any weight is read; what it throws ends it.
    /// - Throws: `FileError` with the file, the place and the reason, and what `check` throws.
    public static func load(
        _ source: ModelSource, maps: Bool = true, progress: (Double) -> Void = { _ in },
        check: (ModelWeights, EmbeddingTable.Element) throws -> Void = { _, _ in }
    ) throws -> Model {
        let model = try open(source, maps: maps)
        try check(model.weights, model.embeddingElement)
        return Model(
            name: model.name, weights: try model.weights.loaded(progress: progress), embeddingElement: model.embeddingElement,
            tokenizer: model.tokenizer)
    }

    /// Opens a model.
    ///
    /// - Parameters:
    ///   - maps: whether tensors are used where they lie in files, as far as they can be.
    ///   - hasHalfScales: whether the scales of a random transformer are numbers of binary16, for a file to be made of it.
    /// - Throws: `FileError` with the file, the place and the reason.
    public static func open(_ source: ModelSource, maps: Bool = true, hasHalfScales: Bool = false) throws -> OpenModel {
        guard let checkpoint = try checkpoint(source, maps: maps) else {
            guard case .random(let preset) = source else { preconditionFailure("all else is a checkpoint") }
            return OpenModel(
                name: "random \(preset)", weights: try ModelPreset(preset).weights(seed: 1, hasHalfScales: hasHalfScales),
                embeddingElement: .float16, tokenizer: nil, notices: [], architecture: nil)
        }
        return OpenModel(
            name: checkpoint.name, weights: checkpoint.weightSource, embeddingElement: checkpoint.embeddingElement,
            tokenizer: checkpoint.hasTokenizer ? try checkpoint.tokenizer() : nil, notices: checkpoint.notices,
            architecture: checkpoint.architecture)
    }

    /// The file behind a source, opened and checked but not read; nil for random weights.
    ///
    /// - Parameter maps: whether tensors are used where they lie in files, as far as they can be.
    public static func checkpoint(_ source: ModelSource, maps: Bool = true) throws -> Checkpoint? {
        switch source {
        case .random: nil
        case .path(let path): try Checkpoint.open(path, maps: maps)
        case .embedded: try Checkpoint.open(EmbeddedModel.bytes, name: EmbeddedModel.name)
        }
    }
}
