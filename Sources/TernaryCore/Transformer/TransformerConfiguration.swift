/// The shape of a transformer with ternary projections: LLaMA-like blocks, grouped-query attention, a gated feed-forward network.
///
/// BitNet b1.58 (arXiv 2402.17764) and its relatives; whether a block has sub-norms, norms of heads or biases is said by its tensors.
public struct TransformerConfiguration: Sendable, Equatable {
    /// What the gate's branch passes through.
    public enum Activation: String, Sendable {
        /// x * sigmoid(x).
        case silu
        /// max(x, 0)^2.
        case squaredReLU = "relu2"
    }

    /// Number of tokens, V.
    public var vocabularySize: Int
    /// Width of the residual stream, D.
    public var hiddenSize: Int
    /// Width of the feed-forward network, F.
    public var intermediateSize: Int
    /// Number of blocks, L.
    public var layerCount: Int
    /// Query heads, H.
    public var headCount: Int
    /// Key and value heads, G; divides H. Query head h reads key head h / (H/G).
    public var keyValueHeadCount: Int
    /// Width of a head, d; even, and not always D / H.
    public var headSize: Int
    /// Added to the mean square in every norm of the model.
    public var normEpsilon: Float
    /// How positions turn queries and keys.
    public var rotation: RotaryEmbedding
    /// What the gate's branch passes through.
    public var activation: Activation
    /// Whether ternary products take int8 activations, one step a token; otherwise they take floats, as group-scaled models do.
    public var quantizesActivations: Bool
    /// Whether the head is the embedding.
    public var tiesEmbeddings: Bool
    /// Token put before a prompt, if the model has one.
    public var beginToken: Int?
    /// Tokens that end a text.
    public var endTokens: [Int]
    /// Tokens that the model was made for.
    public var contextLength: Int

    /// A shape.
    public init(
        vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int, headCount: Int, keyValueHeadCount: Int,
        headSize: Int, normEpsilon: Float, rotation: RotaryEmbedding, activation: Activation, quantizesActivations: Bool = true,
        tiesEmbeddings: Bool = false, beginToken: Int? = nil, endTokens: [Int] = [], contextLength: Int = 4096
    ) {
        precondition(
            headCount.isMultiple(of: keyValueHeadCount) && headSize.isMultiple(of: 2), "heads that cannot be grouped or turned")
        self.vocabularySize = vocabularySize
        self.hiddenSize = hiddenSize
        self.intermediateSize = intermediateSize
        self.layerCount = layerCount
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headSize = headSize
        self.normEpsilon = normEpsilon
        self.rotation = rotation
        self.activation = activation
        self.quantizesActivations = quantizesActivations
        self.tiesEmbeddings = tiesEmbeddings
        self.beginToken = beginToken
        self.endTokens = endTokens
        self.contextLength = contextLength
    }

    /// Width of all query heads: H * d.
    public var queryWidth: Int { headCount * headSize }
    /// Width of all key heads, and of all value heads: G * d.
    public var keyValueWidth: Int { keyValueHeadCount * headSize }
    /// What scores are multiplied by: 1/sqrt(d).
    public var scoreScale: Float { Float(1 / Double(headSize).squareRoot()) }

    /// Rows and columns of a block's seven matrices: q, k, v, o, gate, up, down.
    public var projectionShapes: [(rows: Int, columns: Int)] {
        [
            (queryWidth, hiddenSize), (keyValueWidth, hiddenSize), (keyValueWidth, hiddenSize), (hiddenSize, queryWidth),
            (intermediateSize, hiddenSize), (intermediateSize, hiddenSize), (hiddenSize, intermediateSize),
        ]
    }
    /// Weights of a block's matrices.
    public var projectionWeightsPerLayer: Int { projectionShapes.reduce(0) { $0 + $1.rows * $1.columns } }
    /// Bytes of one block's matrices where all of them are ternary, packed at 2 bits with padding.
    public var ternaryByteCountPerLayer: Int {
        projectionShapes.reduce(0) { $0 + TernaryMatrix.byteCount(rows: $1.rows, columns: $1.columns) }
    }
    /// Matrices, the embedding, the head where it is one of its own, and the norms of blocks.
    public var parameters: Int {
        layerCount * (projectionWeightsPerLayer + 2 * hiddenSize) + vocabularySize * hiddenSize * (tiesEmbeddings ? 1 : 2)
            + hiddenSize
    }
}
