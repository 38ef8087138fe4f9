/// One parser under test.
struct FuzzTarget: Sendable {
    /// What `--target` calls it.
    let name: String
    /// Well-formed inputs to start from.
    let seeds: @Sendable () -> [[UInt8]]
    /// Text that inputs of this kind are made of, for the mutator.
    let words: [String]
    /// Reads one input. It must return, whatever the input: an error is fine, a trap, a hang or a huge allocation is not.
    let body: @Sendable ([UInt8]) -> Void

    /// All of them; add a parser here.
    static let all: [FuzzTarget] = [
        .json, .sentencePiece, .tokenizerJSON, .text, .chatTemplate, .safetensors, .index, .config, .gguf,
    ]
}
