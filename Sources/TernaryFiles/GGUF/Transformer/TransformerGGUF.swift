import TernaryCore

/// Tensor names and keys of transformers in GGUF, as llama.cpp and BitNet's fork of it have them (`docs/GGUF.md`).
enum TransformerGGUF {
    /// `general.architecture` of what is read.
    static let architectures = ["bitnet-b1.58", "bitnet-25", "bitnet", "llama", "qwen3"]

    /// Whether a file's query and key rows are in the order of rotations of neighbours; ours pair halves of a head.
    ///
    /// - Parameter isPacked: whether it is a file for nobody else, whose rows are in our order.
    static func permutesHeads(_ architecture: String, isPacked: Bool) -> Bool { architecture == "llama" && !isPacked }

    static let embeddingBase = "token_embd"
    static let embedding = embeddingBase + ".weight"
    static let finalNorm = "output_norm.weight"
    static let head = "output"
    /// `tokenizer.ggml.model` of a file without a tokenizer.
    static let noVocabulary = "no_vocab"
    /// What each frequency is divided by: LLaMA 3.1's scaling.
    static let frequencyDivisors = "rope_freqs.weight"

    /// Keys of our own, for what GGUF has no key for: "int8" or "float"; every token that ends a text; LLaMA 3.1's four numbers, of which
    /// the tensor of divisors is made; YaRN's factor of sines and cosines as a whole.
    static let activations = "vkternary.activations"
    static let endTokens = "vkternary.end_token_ids"
    static let llama3Scaling = "vkternary.rope.llama3"
    static let attentionFactorKey = "vkternary.rope.yarn_attention_factor"

    /// A block's matrices; raw values are names before `.weight`, `.bias` and `.scale`.
    enum Role: String, CaseIterable {
        case query = "attn_q", key = "attn_k", value = "attn_v", output = "attn_output"
        case gate = "ffn_gate", up = "ffn_up", down = "ffn_down"

        /// Rows and columns.
        func shape(_ configuration: TransformerConfiguration) -> (rows: Int, columns: Int) {
            configuration.projectionShapes[Self.allCases.firstIndex(of: self)!]
        }

        /// Whether rows are in another order where rotations are of neighbours.
        var hasPermutedRows: Bool { self == .query || self == .key }
    }

    /// A block's norms.
    enum Norm: String, CaseIterable {
        case attention = "attn_norm", attentionSub = "attn_sub_norm", query = "attn_q_norm", key = "attn_k_norm"
        case feedForward = "ffn_norm", feedForwardSub = "ffn_sub_norm"

        func width(_ configuration: TransformerConfiguration) -> Int {
            switch self {
            case .attention, .feedForward: configuration.hiddenSize
            case .attentionSub: configuration.queryWidth
            case .query, .key: configuration.headSize
            case .feedForwardSub: configuration.intermediateSize
            }
        }

        /// Whether every model has it.
        var isRequired: Bool { self == .attention || self == .feedForward }
    }

    static func name(_ layer: Int, _ role: Role) -> String { "blk.\(layer).\(role.rawValue)" }
    static func name(_ layer: Int, _ norm: Norm) -> String { "blk.\(layer).\(norm.rawValue).weight" }

    /// Every name that a block's tensors may have.
    static func names(layer: Int) -> [String] {
        Norm.allCases.map { name(layer, $0) }
            + Role.allCases.flatMap { role in ["weight", "bias", "scale", "scales"].map { "\(name(layer, role)).\($0)" } }
    }

    /// Where row `row` of a permuted matrix goes: the pairs of a head, which stand side by side, go to its halves.
    static func halves(_ row: Int, headSize: Int) -> Int {
        let (head, within) = (row / headSize, row % headSize)
        return head * headSize + within % 2 * (headSize / 2) + within / 2
    }
}
