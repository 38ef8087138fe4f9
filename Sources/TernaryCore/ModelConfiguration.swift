/// The shape of a model of any family.
public enum ModelConfiguration: Sendable, Equatable {
    case matMulFree(MatMulFreeConfiguration)
    case transformer(TransformerConfiguration)

    /// Number of tokens, V.
    public var vocabularySize: Int {
        switch self {
        case .matMulFree(let shape): shape.vocabularySize
        case .transformer(let shape): shape.vocabularySize
        }
    }

    /// Width of the residual stream.
    public var hiddenSize: Int {
        switch self {
        case .matMulFree(let shape): shape.hiddenSize
        case .transformer(let shape): shape.hiddenSize
        }
    }

    /// Number of blocks.
    public var layerCount: Int {
        switch self {
        case .matMulFree(let shape): shape.layerCount
        case .transformer(let shape): shape.layerCount
        }
    }

    /// Epsilon of the final norm.
    public var normEpsilon: Float {
        switch self {
        case .matMulFree(let shape): shape.normEpsilon
        case .transformer(let shape): shape.normEpsilon
        }
    }

    /// Weights, embedding and norms.
    public var parameters: Int {
        switch self {
        case .matMulFree(let shape): shape.parameters
        case .transformer(let shape): shape.parameters
        }
    }

    /// Token put before a prompt, if the model has one.
    public var beginToken: Int? {
        switch self {
        case .matMulFree(let shape): shape.beginToken
        case .transformer(let shape): shape.beginToken
        }
    }

    /// Tokens that end a text.
    public var endTokens: [Int] {
        switch self {
        case .matMulFree(let shape): shape.endToken.map { [$0] } ?? []
        case .transformer(let shape): shape.endTokens
        }
    }
}

/// Where the tensors of a model of any family come from.
public enum ModelWeights: Sendable {
    case matMulFree(any WeightSource)
    case transformer(any TransformerSource)

    /// The model's shape.
    public var configuration: ModelConfiguration {
        switch self {
        case .matMulFree(let source): .matMulFree(source.configuration)
        case .transformer(let source): .transformer(source.configuration)
        }
    }

    /// Weight of the norm in front of the head, `(hidden size)`.
    public func readFinalNorm() throws -> [Float] {
        switch self {
        case .matMulFree(let source): try source.readFinalNorm()
        case .transformer(let source): try source.readFinalNorm()
        }
    }

    /// Reads all tensors into memory, telling `progress` the share of their bytes that is done.
    public func loaded(progress: (_ share: Double) -> Void = { _ in }) throws -> ModelWeights {
        switch self {
        case .matMulFree(let source): .matMulFree(try MatMulFreeWeights(source, progress: progress))
        case .transformer(let source): .transformer(try TransformerWeights(source, progress: progress))
        }
    }
}
