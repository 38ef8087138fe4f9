import ArgumentParser
import TernaryCore
import TernaryModels
import VulkanCompute

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prove that every device here computes the same bits.",
        discussion: """
            Runs the same tokens on the CPU reference, the CPU and every Vulkan device, fused and unfused, as one prefill and step by
            step, and compares hashes of all logits and of the recurrent state. Where they differ, the first differing value is named
            and the exit code is 1.
            """)

    @OptionGroup var options: ModelOptions

    @Option(name: .shortAndLong, help: "Text whose tokens are run.")
    var prompt = "Once upon a time there was a king who had three sons, and the youngest of them was called the simpleton."

    @Option(name: [.customShort("n"), .long], help: "Tokens to run at most.")
    var tokens = 24

    @Flag(help: "Write JSON.")
    var json = false

    mutating func validate() throws {
        if tokens < 1 { throw ValidationError("--tokens takes 1 or more.") }
    }

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        var bar = ProgressBar("Loading")
        let model = try Model.load(options.source) { bar.update($0) }
        bar.finish()
        let ids = tokenIds(model)

        let reference = ReferenceEngine(model.weights)
        let expected = try Verifier.run(reference, tokens: ids, feeding: .steps, name: "CPU reference")
        if !json { try show(expected, as: "reference") }

        var trials: [(Trial, Bool)] = [(expected, true)]
        var difference: String?
        for (backend, form) in try backends() {
            let engine = try backend.engine(
                for: model.weights, form: form ?? .automatic, threads: options.threads, logger: options.logger)
            for feeding in Feeding.allCases {
                let name = ([engine.deviceName, form?.rawValue, feeding.rawValue] as [String?]).compactMap { $0 }.joined(
                    separator: ", ")
                let trial = try Verifier.run(engine, tokens: ids, feeding: feeding, name: name)
                let agrees = trial.agrees(with: expected)
                trials.append((trial, agrees))
                if !json { try show(trial, as: agrees ? "equal" : "DIFFERS") }
                if !agrees && difference == nil {
                    let found = try Verifier.firstDifference(expected: reference, actual: engine, tokens: ids)
                    difference =
                        "\(name): " + (found.map { "\($0)" } ?? "step by step every value agrees; only the \(feeding) differs")
                }
            }
        }

        if json {
            try Terminal.write(
                JSONText.object([
                    ("model", .string(model.name)), ("tokens", .array(ids.map { .int($0) })), ("equal", .bool(difference == nil)),
                    ("first_difference", difference.map { .string($0) } ?? .null),
                    (
                        "trials",
                        .array(
                            trials.map { trial, agrees in
                                .object([
                                    ("name", .string(trial.name)), ("logits", .string(trial.logits)),
                                    ("state", .string(trial.state)),
                                    ("equal", .bool(agrees)),
                                ])
                            })
                    ),
                ]).description + "\n")
        } else if let difference {
            try Terminal.write("first difference: \(difference)\n")
        } else {
            try Terminal.write("All \(trials.count) runs of \(ids.count) tokens agree bit for bit.\n")
        }
        if difference != nil { throw Failure.failed }
    }

    private func show(_ trial: Trial, as verdict: String) throws {
        let padded = verdict + String(repeating: " ", count: max(0, 10 - verdict.count))
        try Terminal.write("\(padded) logits \(trial.logits)  state \(trial.state)  \(trial.name)\n")
    }

    private func tokenIds(_ model: Model) -> [Int] {
        if let tokenizer = model.tokenizer {
            return Array(tokenizer.encode(Array(prompt.utf8), addSpecialTokens: true).prefix(tokens))
        }
        var random = SplitMix64(seed: 1)
        return (0..<tokens).map { _ in Int(random.next() % UInt64(model.weights.configuration.vocabularySize)) }
    }

    /// The device that was asked for, or all there are; Vulkan devices in both forms.
    private func backends() throws -> [(Backend, VulkanEngine.Form?)] {
        if options.device != nil {
            let backend = try options.backend
            guard case .vulkan = backend else { return [(backend, nil)] }
            return [.fused, .unfused].map { (backend, $0) }
        }
        var found: [(Backend, VulkanEngine.Form?)] = [(.cpu, nil)]
        do {
            for device in try Vulkan.devices() {
                if let reason = device.unusable {
                    Terminal.note("skipped: \(device.name): \(reason)")
                } else {
                    found += [.fused, .unfused].map { (.vulkan(device), $0) }
                }
            }
        } catch { Terminal.note("skipped: Vulkan: \(error)") }
        return found
    }
}
