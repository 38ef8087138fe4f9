import ArgumentParser
import TernaryCore
import TernaryFiles
import TernaryModels
import TernaryReference

struct Logits: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a model's logits as a NumPy archive, to compare engines.",
        discussion: """
            The archive holds `tokens` (T) int64, `logits` (T, V) float32 and `state` (L, D) float32, the recurrent state after the last
            token; with --hidden also `hidden` (L + 1, T, H) float32: entry l is what block l reads, the last is after the final norm.
            """)

    @OptionGroup var options: ModelOptions

    @Option(help: "Token ids, separated by commas.")
    var tokens: String?

    @Option(name: .shortAndLong, help: "Text whose tokens are taken.")
    var prompt: String?

    @Option(name: .shortAndLong, help: "The archive to write.", completion: .file(extensions: ["npz"]))
    var out: String

    @Flag(help: "Write hidden states too.")
    var hidden = false

    mutating func validate() throws {
        if (tokens == nil) == (prompt == nil) { throw ValidationError("Give --tokens or --prompt.") }
    }

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        let (model, engine) = try options.prepare(quiet: false)
        let configuration = model.weights.configuration
        let ids = try tokenIds(model)
        var hiddenStates: [[[Float]]] = Array(repeating: [], count: configuration.layerCount + 1)
        if hidden {
            try engine.forward(ids) { observation in
                switch observation.stage {
                case .embedding: hiddenStates[0].append(observation.values)
                case .output where observation.layer == configuration.layerCount - 1:
                    hiddenStates[configuration.layerCount].append(
                        rmsNorm(observation.values, weight: model.weights.finalNorm, epsilon: configuration.normEpsilon))
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
        let state = try engine.readState()
        try archive.add("state", shape: [state.count, configuration.stateSize], float32: state.flatMap { $0 })
        if hidden {
            try archive.add(
                "hidden", shape: [configuration.layerCount + 1, ids.count, configuration.hiddenSize],
                float32: hiddenStates.flatMap { $0.flatMap { $0 } })
        }
        try archive.write(to: out)
    }

    private func tokenIds(_ model: Model) throws -> [Int] {
        if let prompt {
            guard let tokenizer = model.tokenizer else {
                throw ValidationError("Random weights have no tokenizer: give --tokens.")
            }
            return tokenizer.encode(Array(prompt.utf8), addSpecialTokens: true)
        }
        let size = model.weights.configuration.vocabularySize
        let ids = try tokens!.split(separator: ",", omittingEmptySubsequences: false).map { text in
            let trimmed = text.drop { $0 == " " }
            guard let id = Int(trimmed), (0..<size).contains(id) else {
                throw ValidationError("--tokens: '\(text)' is no token id from 0 to \(size - 1).")
            }
            return id
        }
        return ids
    }
}
