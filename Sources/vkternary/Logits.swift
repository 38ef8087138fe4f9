import ArgumentParser
import TernaryCore
import TernaryFiles
import TernaryModels
import TernaryReference

struct Logits: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a model's logits as a NumPy archive, to compare engines.",
        discussion: """
            The archive holds `tokens` (T) int64, `logits` (T, V) float32 and of a MatMul-free model `state` (L, D) float32, the recurrent
            state after the last token; with --hidden also `hidden` (L + 1, T, H) float32: entry l is what block l reads, the last is after the final norm. A transformer's keys and values are kept as f32 here, so that logits are those of its authors' code; \
            --cache f16 gives those of `run`.
            """)

    @OptionGroup var options: ModelOptions

    @Option(parsing: .unconditional, help: "Token ids, separated by commas.")
    var tokens: String?

    @Option(name: .shortAndLong, parsing: .unconditional, help: "Text whose tokens are taken.")
    var prompt: String?

    @Option(name: .shortAndLong, help: "The archive to write.", completion: .file(extensions: ["npz"]))
    var out: String

    @Flag(help: "Write hidden states too.")
    var hidden = false

    mutating func validate() throws {
        if (tokens == nil) == (prompt == nil) { throw ValidationError("Give either --tokens or --prompt.") }
    }

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        try checkWritable(out)
        var options = options
        options.cacheElement = options.cacheElement ?? .float32
        let model = try options.prepare(quiet: false)
        let engine = model.engine
        let configuration = model.configuration
        let ids = try tokenIds(model)
        try engine.checkRoom(for: ids.count)
        // Before the work, what the archive could not hold after it.
        guard ids.count < (Int(UInt32.max) - 1 << 20) / 4 / configuration.vocabularySize else {
            throw UsageError("\(ids.count) tokens have 4 GiB of logits or more, which an archive cannot hold; give fewer tokens")
        }
        var hiddenStates: [[[Float]]] = Array(repeating: [], count: configuration.layerCount + 1)
        if hidden {
            try engine.forward(ids) { observation in
                switch observation.stage {
                case .embedding: hiddenStates[0].append(observation.values)
                case .output where observation.layer == configuration.layerCount - 1:
                    hiddenStates[configuration.layerCount].append(
                        rmsNorm(observation.values, weight: model.finalNorm, epsilon: configuration.normEpsilon))
                case .output: hiddenStates[observation.layer + 1].append(observation.values)
                default: break
                }
            }
            try engine.reset()
        }
        let logits = try engine.forward(ids, logits: .all)
        var archive = NPZWriter()
        try archive.add("tokens", shape: [ids.count], int64: ids.map { Int64($0) })
        try archive.add("logits", shape: [ids.count, configuration.vocabularySize], float32: logits)
        if case .matMulFree(let shape) = configuration {
            try archive.add("state", shape: [shape.layerCount, shape.stateSize], float32: engine.readState().flatMap { $0 })
        }
        if hidden {
            try archive.add(
                "hidden", shape: [configuration.layerCount + 1, ids.count, configuration.hiddenSize],
                float32: hiddenStates.flatMap { $0.flatMap { $0 } })
        }
        try archive.write(to: out)
    }

    private func tokenIds(_ model: LoadedModel) throws -> [Int] {
        if let prompt {
            guard let tokenizer = model.tokenizer else {
                throw UsageError("\(model.name) has no tokenizer: give --tokens")
            }
            let ids = tokenizer.encode(Array(prompt.utf8), addSpecialTokens: true)
            guard !ids.isEmpty else { throw UsageError("--prompt: no text, no tokens") }
            return ids
        }
        let size = model.configuration.vocabularySize
        let ids = try tokens!.split(separator: ",", omittingEmptySubsequences: false).map { text in
            let trimmed = text.filter { $0 != " " }
            guard let id = Int(trimmed), (0..<size).contains(id) else {
                throw UsageError("--tokens: '\(text)' is no token id from 0 to \(size - 1)")
            }
            return id
        }
        return ids
    }
}
