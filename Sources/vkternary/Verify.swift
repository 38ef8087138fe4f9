import ArgumentParser
import Glibc
import TernaryCPU
import TernaryCore
import TernaryKernels
import TernaryModels
import VulkanCompute

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prove that every device here computes the same bits.",
        discussion: """
            Runs the same tokens on the CPU reference, on the CPU by all threads and by one, and with every set of instructions that it has, and \
            on every Vulkan device in every form; as one prefill, step by step and in a batch of sequences, and compares hashes of all logits and of the recurrent state. Where they differ, the \
            first differing value is named and the exit code is 1. --device takes one device instead of all; VKTERNARY_DEVICE is not looked at. \
            VKTERNARY_CPU and --threads leave of the CPU what they name.
            """)

    @OptionGroup var options: ModelOptions

    @Option(name: .shortAndLong, parsing: .unconditional, help: "Text whose tokens are run.")
    var prompt = "Once upon a time there was a king who had three sons, and the youngest of them was called the simpleton."

    @Option(name: [.customShort("n"), .long], parsing: .unconditional, help: "Tokens to run at most.")
    var tokens = 24

    @Option(help: "Sequences of the batch.")
    var batch = 8

    @Flag(help: "Write JSON.")
    var json = false

    mutating func validate() throws {
        if tokens < 1 { throw ValidationError("--tokens takes 1 or more.") }
        if !BenchArguments.batches.contains(batch) {
            throw ValidationError("--batch takes 1 to \(BenchArguments.batches.upperBound).")
        }
    }

    func run() throws { try Failure.reporting { try start() } }

    private func start() throws {
        let wanted = options.device == nil ? nil : try options.deviceChoice.resolve()
        var bar = ProgressBar("Loading")
        let model = try Model.load(options.source, maps: !options.copiesFiles) {
            bar.update($0)
        } check: { weights, element in
            for form in forms(of: weights) {
                try wanted?.checkMemory(
                    weights, element, form: form, placement: options.embedding, packing: options.packing,
                    keysAndValues: options.keysAndValues, sequences: batch)
            }
        }
        bar.finish()
        let ids = tokenIds(model)

        let reference = try Backend.cpuReference.engine(
            for: model.weights, keysAndValues: options.keysAndValues, logger: options.logger)
        try reference.checkRoom(for: ids.count)
        let expected = try Verifier.run(reference, tokens: ids, feeding: .steps, name: "CPU reference")
        if !json { try show(expected, as: "reference") }

        var trials: [(Trial, Bool)] = [(expected, true)]
        var difference: String?
        var failures: [String] = []
        for candidate in try candidates(wanted, forms(of: model.weights)) {
            let (backend, form) = (candidate.backend, candidate.form)
            do {
                // A form that nobody asked for is no failure where a device cannot run it.
                if let form, case .vulkan(let device) = backend, options.form == .automatic,
                    case .matMulFree(let shape) = model.weights.configuration,
                    let reason = form.whyNot(shape, element: model.embeddingElement, on: device)
                {
                    Terminal.note("skipped: \(device.name), \(form.rawValue): \(reason)")
                    continue
                }
                try backend.checkMemory(
                    model.weights, model.embeddingElement, form: form ?? .automatic, placement: options.embedding,
                    packing: options.packing, keysAndValues: options.keysAndValues, sequences: batch)
                let engine = try backend.engine(
                    for: model.weights, form: form ?? .automatic, placement: options.embedding, packing: options.packing,
                    keysAndValues: options.keysAndValues, threads: candidate.threads,
                    variant: candidate.variant, sequences: batch, logger: options.logger)
                for feeding in candidate.feedings {
                    let fed = feeding == .batch ? "batch of \(batch)" : feeding.rawValue
                    let name = ([engine.deviceName, form?.rawValue, fed] as [String?])
                        .compactMap { $0 }.joined(separator: ", ")
                    let trial = try Verifier.run(engine, tokens: ids, feeding: feeding, name: name)
                    let agrees = trial.agrees(with: expected)
                    trials.append((trial, agrees))
                    if !json { try show(trial, as: agrees ? "equal" : "DIFFERS") }
                    if !agrees && difference == nil {
                        let found = try Verifier.firstDifference(expected: reference, actual: engine, tokens: ids)
                        difference =
                            "\(name): "
                            + (found.map { "\($0)" } ?? "step by step every value agrees; only the \(feeding.rawValue) differs")
                    }
                }
            } catch  where error is VulkanError || error is DoesNotFit {
                // One broken device must not keep the others from being compared.
                failures.append("\(backend.name): \(error)")
                if !json { try Terminal.writeLines(["FAILED     \(failures[failures.count - 1])"]) }
            }
        }
        let passed = difference == nil && failures.isEmpty

        if json {
            try Terminal.write(
                JSONText.object([
                    ("model", .string(model.name)), ("tokens", .array(ids.map { .int($0) })), ("equal", .bool(passed)),
                    ("first_difference", difference.map { .string($0) } ?? .null),
                    ("failures", .array(failures.map { .string($0) })),
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
        } else if passed {
            try Terminal.write("All \(trials.count) runs of \(ids.count) tokens agree bit for bit.\n")
        }
        if !passed { throw Failure.failed }
    }

    private func show(_ trial: Trial, as verdict: String) throws {
        let padded = verdict + String(repeating: " ", count: max(0, 10 - verdict.count))
        try Terminal.write("\(padded) logits \(trial.logits)  state \(trial.state)  \(trial.name)\n")
    }

    private func tokenIds(_ model: Model) -> [Int] {
        if let tokenizer = model.tokenizer {
            let ids = Array(tokenizer.encode(Array(prompt.utf8), addSpecialTokens: true).prefix(tokens))
            if !ids.isEmpty { return ids }
        }
        var random = SplitMix64(seed: 1)
        return (0..<tokens).map { _ in Int(random.next() % UInt64(model.weights.configuration.vocabularySize)) }
    }

    /// All forms that a model of this family has, or the one that was asked for.
    private func forms(of weights: ModelWeights) -> [VulkanEngine.Form] {
        guard options.form == .automatic else { return [options.form] }
        if case .transformer = weights { return VulkanEngine.Form.allCases.filter { $0 != .resident } }
        return VulkanEngine.Form.allCases
    }

    /// What is compared with the reference.
    private struct Candidate {
        let backend: Backend
        /// Of a Vulkan device.
        var form: VulkanEngine.Form?
        /// Of the CPU.
        var threads: Int?
        var variant: CPUVariant?
        var feedings = Feeding.allCases
    }

    /// The device that was asked for, or all there are; the CPU in every way, Vulkan devices in every form.
    private func candidates(_ wanted: Backend?, _ forms: [VulkanEngine.Form]) throws -> [Candidate] {
        switch wanted {
        case .cpu: return try cpuCandidates()
        case .cpuReference: return [Candidate(backend: .cpuReference)]
        case .vulkan: return forms.map { Candidate(backend: wanted!, form: $0) }
        case nil: break
        }
        var found = try cpuCandidates()
        do {
            for device in try Vulkan.devices() {
                if let reason = device.whyUnusable {
                    Terminal.note("skipped: \(device.name): \(reason)")
                } else {
                    found += forms.map { Candidate(backend: .vulkan(device), form: $0) }
                }
            }
        } catch { Terminal.note("skipped: Vulkan: \(error)") }
        return found
    }

    /// The best set of instructions, by as many threads as there are, two at least, and by one; the others by all threads and without batches,
    /// which prompts' kernels multiply: a portable loop takes its time.
    private func cpuCandidates() throws -> [Candidate] {
        let isForced = getenv("VKTERNARY_CPU").map { $0.pointee != 0 } ?? false
        let best = try CPUVariant.chosen()
        let many = options.threads ?? max(2, CPUFeatures.processorCount)
        let one = options.threads == nil ? [Candidate(backend: .cpu, threads: 1, variant: best)] : []
        let others = isForced ? [] : CPUVariant.supported.filter { $0 != best }
        return [Candidate(backend: .cpu, threads: many, variant: best)] + one
            + others.map { Candidate(backend: .cpu, threads: many, variant: $0, feedings: [.prefill, .steps]) }
    }
}
