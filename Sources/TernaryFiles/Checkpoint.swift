import TernaryCore

/// A model on disk: a Hugging Face directory or a GGUF file, of a MatMul-free model or of a transformer with ternary projections.
public struct Checkpoint: Sendable {
    /// What holds the tensors.
    enum Storage: Sendable {
        case huggingFace(SafetensorsDirectory)
        case gguf(GGUFFile)
    }

    /// The path as the user gave it.
    public let path: String
    /// What the model is called: a GGUF file's `general.name`, or the last part of a directory's path.
    public let name: String
    /// Its weights, of which each part is read when it is asked for.
    public let weightSource: ModelWeights
    /// What was put right in the file's metadata, a line each; to be told to whoever uses the model.
    public let notices: [String]
    let storage: Storage

    /// Opens a model and checks its configuration and its table of tensors; reads no weights.
    ///
    /// - Parameter maps: whether tensors that lie in a file as they are used are used there, in memory that other processes share; the file
    ///   must then stay as it is for as long as they are used. Where it cannot be mapped they are copied as without.
    /// - Throws: `FileError` that names the file, the place in it and the reason.
    public static func open(_ path: String, maps: Bool = true) throws -> Checkpoint {
        switch PathKind(path) {
        case .nothing: throw FileError(path, "no such file or directory")
        case .directory:
            guard PathKind("\(path)/config.json") == .file else {
                throw FileError(path, "is not a model: the directory holds no config.json")
            }
            let name = path.split(separator: "/").last { $0 != "." }.map(String.init) ?? path
            return try huggingFace(path, name: name, maps: maps)
        case .file:
            let file = try InputFile(path, maps: maps)
            guard file.size >= 4, try file.bytes(at: 0, count: 4) == GGUFFile.magic else {
                let hint = path.hasSuffix(".safetensors") ? "; give the directory that holds it and its config.json" : ""
                throw FileError(path, "is neither a model's directory nor a GGUF file\(hint)")
            }
            return try gguf(file, name: nil)
        }
    }

    private static func huggingFace(_ path: String, name: String, maps: Bool) throws -> Checkpoint {
        let weights: ModelWeights
        let tensors: SafetensorsDirectory
        if HuggingFaceTransformer.describes(try ConfigurationReader(path: "\(path)/config.json")) {
            let model = try HuggingFaceTransformer(path, maps: maps)
            (weights, tensors) = (.transformer(model), model.tensors)
        } else {
            let model = try HuggingFaceModel(path, maps: maps)
            (weights, tensors) = (.matMulFree(model), model.tensors)
        }
        return Checkpoint(path: path, name: name, weightSource: weights, notices: [], storage: .huggingFace(tensors))
    }

    private static func gguf(_ input: InputFile, name: String?) throws -> Checkpoint {
        let file = try GGUFFile(input, architectures: [MatMulFreeGGUF.architecture] + TransformerGGUF.architectures)
        let name = name ?? file.name ?? input.path
        if file.architecture == MatMulFreeGGUF.architecture {
            return Checkpoint(
                path: input.path, name: name, weightSource: .matMulFree(try GGUFModel(file)), notices: [], storage: .gguf(file))
        }
        let model = try GGUFTransformer(file)
        return Checkpoint(
            path: input.path, name: name, weightSource: .transformer(model), notices: model.notices, storage: .gguf(file))
    }

    /// Opens a GGUF file in memory, which must live, unchanged, as long as the checkpoint.
    ///
    /// - Parameter name: what to call it, in errors too.
    public static func open(_ bytes: UnsafeRawBufferPointer, name: String) throws -> Checkpoint {
        try gguf(InputFile(bytes, name: name), name: name)
    }

    /// The model's shape.
    public var configuration: ModelConfiguration { weightSource.configuration }

    /// Reads all weights of a MatMul-free model, ternarising them one tensor at a time.
    ///
    /// - Throws: `FileError`, also for a value that is not finite, with its tensor and element, and for a model of another family.
    public func weights() throws -> MatMulFreeWeights { try MatMulFreeWeights(try matMulFreeSource()) }

    /// The weights of a MatMul-free model, of which each part is read when it is asked for.
    func matMulFreeSource() throws -> any WeightSource {
        guard case .matMulFree(let source) = weightSource else { throw FileError(path, "is not a MatMul-free model") }
        return source
    }
}
