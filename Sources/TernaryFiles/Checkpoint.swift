import TernaryCore

/// A MatMul-free model on disk: a Hugging Face directory of `model_type: hgrn_bit`, or a GGUF file of ours.
public struct Checkpoint: Sendable {
    /// Where the tensors come from.
    enum Source: Sendable {
        case huggingFace(HuggingFaceModel)
        case gguf(GGUFModel)
    }

    /// The path as the user gave it.
    public let path: String
    /// What the model is called: a GGUF file's `general.name`, or the last part of a directory's path.
    public let name: String
    let source: Source

    /// Opens a model and checks its configuration and its table of tensors; reads no weights.
    ///
    /// - Throws: `FileError` that names the file, the place in it and the reason.
    public static func open(_ path: String) throws -> Checkpoint {
        switch PathKind(path) {
        case .nothing: throw FileError(path, "no such file or directory")
        case .directory:
            guard PathKind("\(path)/config.json") == .file else {
                throw FileError(path, "is not a model: the directory holds no config.json")
            }
            let name = path.split(separator: "/").last { $0 != "." }.map(String.init) ?? path
            return Checkpoint(path: path, name: name, source: .huggingFace(try HuggingFaceModel(path)))
        case .file:
            let file = try InputFile(path)
            guard file.size >= 4, try file.bytes(at: 0, count: 4) == GGUFFile.magic else {
                let hint = path.hasSuffix(".safetensors") ? "; give the directory that holds it and its config.json" : ""
                throw FileError(path, "is neither a model's directory nor a GGUF file\(hint)")
            }
            let model = try GGUFModel(file)
            return Checkpoint(path: path, name: model.name ?? path, source: .gguf(model))
        }
    }

    /// Opens a GGUF file in memory, which must live, unchanged, as long as the checkpoint.
    ///
    /// - Parameter name: what to call it, in errors too.
    public static func open(_ bytes: UnsafeRawBufferPointer, name: String) throws -> Checkpoint {
        Checkpoint(path: name, name: name, source: .gguf(try GGUFModel(InputFile(bytes, name: name))))
    }

    /// The model's shape.
    public var configuration: ModelConfiguration { weightSource.configuration }

    /// Its weights, of which each part is read when it is asked for.
    public var weightSource: ModelWeights {
        switch source {
        case .huggingFace(let model): .matMulFree(model)
        case .gguf(let model): .matMulFree(model)
        }
    }

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
