import TernaryCore

/// A model on disk: a Hugging Face directory of `model_type: hgrn_bit`.
public struct Checkpoint {
    /// The path as the user gave it.
    public let path: String
    /// The model's shape.
    public let configuration: MatMulFreeConfiguration
    private let model: HuggingFaceModel

    /// Opens a model and checks its configuration and its table of tensors; reads no weights.
    ///
    /// - Throws: `FileError` that names the file, the place in it and the reason.
    public static func open(_ path: String) throws -> Checkpoint {
        let model = try HuggingFaceModel(path)
        return Checkpoint(path: path, configuration: model.configuration, model: model)
    }

    /// Reads all weights, ternarising them one tensor at a time.
    ///
    /// - Parameter progress: called with the bytes of the file that are done and their total.
    public func weights(progress: LoadProgress? = nil) throws -> MatMulFreeWeights {
        try MatMulFreeWeights(model, progress: progress)
    }
}
