import TernaryCore
import TernaryFiles

/// A published shape that `--random` names, of any family.
public enum ModelPreset: Sendable {
    case matMulFree(MatMulFreeConfiguration)
    case transformer(TransformerPreset)

    /// Finds a shape by its name.
    ///
    /// - Throws: `FileError` with the names there are.
    public init(_ name: String) throws {
        if let shape = MatMulFreeConfiguration.preset(named: name) {
            self = .matMulFree(shape)
        } else if let preset = TransformerPreset.named(name) {
            self = .transformer(preset)
        } else {
            throw FileError("--random", "no preset '\(name)'; there are \(Self.names.joined(separator: ", "))")
        }
    }

    /// All names, in the shortest form.
    public static var names: [String] { ["370m", "1.3b", "2.7b", "13b"] + TransformerPreset.all.keys.sorted() }

    /// The shape.
    public var configuration: ModelConfiguration {
        switch self {
        case .matMulFree(let shape): .matMulFree(shape)
        case .transformer(let preset): .transformer(preset.configuration)
        }
    }

    /// Weights for measuring, the same for the same seed everywhere.
    ///
    /// - Parameter hasHalfScales: whether a transformer's scales are numbers of binary16, without which no file of TQ1_0 or TQ2_0 holds
    ///   them.
    public func weights(seed: UInt64, hasHalfScales: Bool = false) -> ModelWeights {
        switch self {
        case .matMulFree(let shape): .matMulFree(RandomWeights(shape, seed: seed))
        case .transformer(let preset): .transformer(RandomTransformerWeights(preset, seed: seed, hasHalfScales: hasHalfScales))
        }
    }
}
