import TernaryCore

/// The `model_type`s whose blocks are those of `TransformerConfiguration`, and what their classes assume where a key is absent.
enum TransformerFamily: String, CaseIterable, Sendable {
    case bitnet, llama, mistral, qwen2, qwen3

    /// Base of the rotary frequencies.
    var theta: Double { self == .bitnet ? 500_000 : 10_000 }
    /// Added to the mean square in norms.
    var normEpsilon: Double { self == .bitnet ? 1e-5 : 1e-6 }
    /// What the gate passes through.
    var activation: String { self == .bitnet ? "relu2" : "silu" }
    /// Width of a head; nil where it is hidden size / heads.
    var headSize: Int? { self == .qwen3 ? 128 : nil }

    /// Tokens that the model was made for.
    var contextLength: Int {
        switch self {
        case .bitnet, .llama: 2048
        case .mistral: 131_072
        case .qwen2, .qwen3: 32_768
        }
    }

    /// The tokens that begin and end a text.
    var tokens: (begin: Int?, end: Int?) {
        switch self {
        case .bitnet: (128_000, 128_001)
        case .llama, .mistral: (1, 2)
        case .qwen2, .qwen3: (nil, nil)
        }
    }
}
