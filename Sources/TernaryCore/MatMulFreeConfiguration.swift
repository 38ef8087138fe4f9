/// The shape of a MatMul-free language model (`model_type: hgrn_bit`; arXiv 2406.02528 and its published code).
public struct MatMulFreeConfiguration: Sendable, Equatable {
    /// Number of tokens, V.
    public var vocabularySize: Int
    /// Width of the residual stream, H.
    public var hiddenSize: Int
    /// Width of the recurrent state, D; equal to H in every published model.
    public var stateSize: Int
    /// Width of the channel mixer, I.
    public var intermediateSize: Int
    /// Number of blocks, L.
    public var layerCount: Int
    /// Added to the mean square in the block norms, `g_norm` and the final norm. BitLinear's own is `bitLinearEpsilon`.
    public var normEpsilon: Float
    /// Whether the forget gate has learned lower bounds, rising with depth.
    public var usesLowerBounds: Bool
    /// Whether the head is the ternarised embedding.
    public var tiesEmbeddings: Bool
    /// Token put before a prompt, if the model has one.
    public var beginToken: Int?
    /// Token that ends a text, if the model has one.
    public var endToken: Int?
    /// Tokens in a training window; the recurrence itself has no limit.
    public var trainedLength: Int

    /// Epsilon of the norm inside every BitLinear: the fused upstream path uses 1e-6 whatever the configuration says.
    public static let bitLinearEpsilon: Float = 1e-6
    /// Widest row a BitLinear may have: 127 times this still is an exact Float.
    public static let widestRow = 131_072

    /// A shape; the defaults are those of the published models.
    public init(
        vocabularySize: Int, hiddenSize: Int, stateSize: Int? = nil, intermediateSize: Int, layerCount: Int,
        normEpsilon: Float = 1e-6, usesLowerBounds: Bool = true, tiesEmbeddings: Bool = false, beginToken: Int? = 1,
        endToken: Int? = 2, trainedLength: Int = 2048
    ) {
        self.vocabularySize = vocabularySize
        self.hiddenSize = hiddenSize
        self.stateSize = stateSize ?? hiddenSize
        self.intermediateSize = intermediateSize
        self.layerCount = layerCount
        self.normEpsilon = normEpsilon
        self.usesLowerBounds = usesLowerBounds
        self.tiesEmbeddings = tiesEmbeddings
        self.beginToken = beginToken
        self.endToken = endToken
        self.trainedLength = trainedLength
    }

    /// Ternary weights of one block: 3HD + DH + 3HI.
    public var ternaryWeightsPerLayer: Int { 4 * hiddenSize * stateSize + 3 * hiddenSize * intermediateSize }
    /// Ternary weights of all blocks and the head.
    public var ternaryWeights: Int { layerCount * ternaryWeightsPerLayer + vocabularySize * hiddenSize }
    /// All parameters: ternary weights, embedding, norms and lower bounds.
    public var parameters: Int {
        let norms = 6 * hiddenSize + 2 * stateSize + intermediateSize  // attn, mlp, i, f, g, gate_up; g_norm, o; down
        return ternaryWeights + vocabularySize * hiddenSize + layerCount * norms + 2 * hiddenSize
            + (usesLowerBounds ? layerCount * hiddenSize : 0)
    }
    /// Bytes of one block's ternary weights, packed at 2 bits with padding.
    public var ternaryByteCountPerLayer: Int {
        3 * TernaryMatrix.byteCount(rows: stateSize, columns: hiddenSize)
            + TernaryMatrix.byteCount(rows: hiddenSize, columns: stateSize)
            + 2 * TernaryMatrix.byteCount(rows: intermediateSize, columns: hiddenSize)
            + TernaryMatrix.byteCount(rows: hiddenSize, columns: intermediateSize)
    }
    /// Bytes of all packed ternary weights, blocks and head.
    public var ternaryByteCount: Int {
        layerCount * ternaryByteCountPerLayer + TernaryMatrix.byteCount(rows: vocabularySize, columns: hiddenSize)
    }
}
