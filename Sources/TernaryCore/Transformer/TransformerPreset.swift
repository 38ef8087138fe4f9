/// A published shape: what a random model of it needs beside the numbers of its configuration.
public struct TransformerPreset: Sendable, Equatable {
    /// The shape. It says no token that begins or ends a text: a random model knows none.
    public var configuration: TransformerConfiguration
    /// Whether the rows of attention and of the feed-forward network pass a norm before the last matrix, as in BitNet's checkpoints.
    public var hasSubNorms: Bool
    /// How the embedding, and the head where there is one, are stored: float16 or bfloat16.
    public var embedding: DenseMatrix.Element

    /// A shape.
    public init(_ configuration: TransformerConfiguration, hasSubNorms: Bool, embedding: DenseMatrix.Element) {
        self.configuration = configuration
        self.hasSubNorms = hasSubNorms
        self.embedding = embedding
    }

    /// The published shape of a name, in either case; nil where there is none.
    public static func named(_ name: String) -> TransformerPreset? { all[name.lowercased()] }

    /// The published shapes by name: BitNet-2B-4T (arXiv 2504.12285), those of BitNet b1.58's tables (arXiv 2402.17764; 3.9B as TriLM has
    /// it, larger ones as LLaMA has them), and models of other families that were trained on with ternary weights. Not published is
    /// `bitnet-3b-256`: 3B with rows of multiples of 256, as files for other programs need them.
    public static let all: [String: TransformerPreset] = [
        "bitnet-2b-4t": TransformerPreset(
            TransformerConfiguration(
                vocabularySize: 128_256, hiddenSize: 2560, intermediateSize: 6912, layerCount: 30, headCount: 20,
                keyValueHeadCount: 5, headSize: 128, normEpsilon: 1e-5, rotation: RotaryEmbedding(theta: 500_000),
                activation: .squaredReLU, tiesEmbeddings: true, contextLength: 4096),
            hasSubNorms: true, embedding: .bfloat16),
        "bitnet-700m": bitNet(hidden: 1536, intermediate: 4096, layers: 24, heads: 16, vocabulary: 32_002, ties: true),
        "bitnet-1.3b": bitNet(hidden: 2048, intermediate: 5460, layers: 24, heads: 32, vocabulary: 32_002, ties: true),
        "bitnet-3b": bitNet(hidden: 3200, intermediate: 8640, layers: 26, heads: 32, vocabulary: 32_002, ties: true),
        "bitnet-3b-256": bitNet(hidden: 3328, intermediate: 8704, layers: 26, heads: 26, vocabulary: 32_002, ties: true),
        "bitnet-3.9b": bitNet(hidden: 3072, intermediate: 9216, layers: 30, heads: 24, vocabulary: 50_688),
        "bitnet-7b": bitNet(hidden: 4096, intermediate: 11_008, layers: 32, heads: 32),
        "bitnet-13b": bitNet(hidden: 5120, intermediate: 13_824, layers: 40, heads: 40),
        "bitnet-70b": bitNet(hidden: 8192, intermediate: 28_672, layers: 80, heads: 64, keyValueHeads: 8),
        "falcon3-7b": TransformerPreset(
            TransformerConfiguration(
                vocabularySize: 131_072, hiddenSize: 3072, intermediateSize: 23_040, layerCount: 28, headCount: 12,
                keyValueHeadCount: 4, headSize: 256, normEpsilon: 1e-6, rotation: RotaryEmbedding(theta: 1_000_042),
                activation: .silu, contextLength: 32_768),
            hasSubNorms: false, embedding: .bfloat16),
        "llama3-8b": TransformerPreset(
            TransformerConfiguration(
                vocabularySize: 128_256, hiddenSize: 4096, intermediateSize: 14_336, layerCount: 32, headCount: 32,
                keyValueHeadCount: 8, headSize: 128, normEpsilon: 1e-5, rotation: RotaryEmbedding(theta: 500_000),
                activation: .silu, contextLength: 8192),
            hasSubNorms: false, embedding: .bfloat16),
    ]

    private static func bitNet(
        hidden: Int, intermediate: Int, layers: Int, heads: Int, keyValueHeads: Int? = nil, vocabulary: Int = 32_000,
        ties: Bool = false
    ) -> TransformerPreset {
        TransformerPreset(
            TransformerConfiguration(
                vocabularySize: vocabulary, hiddenSize: hidden, intermediateSize: intermediate, layerCount: layers,
                headCount: heads, keyValueHeadCount: keyValueHeads ?? heads, headSize: hidden / heads, normEpsilon: 1e-5,
                rotation: RotaryEmbedding(theta: 10_000), activation: .silu, tiesEmbeddings: ties, contextLength: 2048),
            hasSubNorms: true, embedding: .float16)
    }
}
