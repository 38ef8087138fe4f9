import TernaryCore
import Testing

@testable import TernaryModels

/// The built-in model's weights.
enum EmbeddedWeights {
    static func load(progress: (Double) -> Void = { _ in }) throws -> MatMulFreeWeights {
        let model = try Model.load(.embedded, progress: progress)
        guard case .matMulFree(let weights as MatMulFreeWeights) = model.weights else {
            throw WrongFamily()
        }
        return weights
    }

    private struct WrongFamily: Error {}
}
