import TernaryCore
import TernaryFiles
import TernaryModels

/// A model made ready on a device. The weights themselves are the engine's alone, so that what was read can be freed.
struct LoadedModel {
    /// What to call it.
    let name: String
    /// nil where the model has no text.
    let tokenizer: Tokenizer?
    /// What its files say that it is.
    let architecture: String?
    let configuration: ModelConfiguration
    /// Bytes of weights that a token reads.
    let ternaryByteCount: Int
    let finalNorm: [Float]
    let engine: any Engine
    /// Seconds to read the model and make it ready.
    let loadSeconds: Double

    init(_ model: OpenModel, engine: any Engine, loadSeconds: Double) throws {
        name = model.name
        tokenizer = model.tokenizer
        architecture = model.architecture
        configuration = model.weights.configuration
        ternaryByteCount = engine.weightBytesPerToken
        finalNorm = try model.weights.readFinalNorm()
        self.engine = engine
        self.loadSeconds = loadSeconds
    }
}
