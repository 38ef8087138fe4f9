extension MatMulFreeConfiguration {
    /// The published shapes by name (arXiv 2406.02528); the 13B exists in the paper's measurements only.
    public static let presets: [String: MatMulFreeConfiguration] = [
        "matmulfree-370m": .published(hidden: 1024, intermediate: 2816, layers: 24),
        "matmulfree-1.3b": .published(hidden: 2048, intermediate: 5632, layers: 24),
        "matmulfree-2.7b": .published(hidden: 2560, intermediate: 6912, layers: 32),
        "matmulfree-13b": .published(hidden: 5120, intermediate: 13_824, layers: 40),
    ]

    /// The published shape of a name, with or without its family: "matmulfree-1.3b" or "1.3B"; nil where there is none.
    public static func preset(named name: String) -> MatMulFreeConfiguration? {
        let name = name.lowercased()
        return presets[name] ?? presets["matmulfree-" + name]
    }

    private static func published(hidden: Int, intermediate: Int, layers: Int) -> MatMulFreeConfiguration {
        MatMulFreeConfiguration(vocabularySize: 32_000, hiddenSize: hidden, intermediateSize: intermediate, layerCount: layers)
    }
}
