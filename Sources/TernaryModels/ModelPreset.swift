import TernaryCore
import TernaryFiles

/// A published shape that `--random` names, of any family.
public struct ModelPreset: Sendable {
    /// The shape.
    public let configuration: ModelConfiguration

    /// Finds a shape by its name.
    ///
    /// - Throws: `FileError` with the names there are.
    public init(_ name: String) throws {
        guard let preset = MatMulFreeConfiguration.preset(named: name) else {
            throw FileError("--random", "no preset '\(name)'; there are \(Self.names.joined(separator: ", "))")
        }
        configuration = .matMulFree(preset)
    }

    /// All names.
    public static var names: [String] { ["370m", "1.3b", "2.7b", "13b"] }

    /// Weights for measuring, the same for the same seed everywhere.
    public func weights(seed: UInt64) -> ModelWeights {
        switch configuration {
        case .matMulFree(let shape): .matMulFree(RandomWeights(shape, seed: seed))
        case .transformer: preconditionFailure("no preset is a transformer")
        }
    }
}
