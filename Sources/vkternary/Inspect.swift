import ArgumentParser
import TernaryCore
import TernaryFiles
import TernaryModels
import VulkanCompute

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say what a model is: shape, sizes, bytes of its parts, tokenizer.")

    @Argument(help: "A Hugging Face directory or a GGUF file; the built-in model where none is given.", completion: .file())
    var model: String?

    @Option(
        help: ArgumentHelp(
            "A published shape instead of a model: 370m, 1.3b, 2.7b, 13b (MatMul-free), bitnet-2b-4t and others.",
            valueName: "preset"))
    var random: String?

    @Option(
        help: ArgumentHelp(
            "Say also what the model will take of this device's memory, and whether it fits; `vkternary devices` lists them.",
            valueName: "device"))
    var device: String?

    @Option(help: "With --device: sequences that are to be held at a time.")
    var batch = 1

    @Option(help: ArgumentHelp("With --device: where the embedding is to lie, device, host or auto.", valueName: "place"))
    var embedding = EmbeddingPlacement.automatic

    @Option(help: ArgumentHelp("With --device: bits that a ternary weight is to take there, 2, 1.6 or auto.", valueName: "bits"))
    var packing = WeightPacking.automatic

    @Option(
        help: ArgumentHelp(
            "Tokens that a transformer's text may have: with --device their memory, and the last one's arithmetic.",
            valueName: "tokens"))
    var context: Int?

    @Option(
        name: .customLong("cache"),
        help: ArgumentHelp("With --device: how a transformer keeps keys and values, f32, f16 or q8_0.", valueName: "type"))
    var cacheElement: KeyValueElement?

    @Flag(help: "Write JSON.")
    var json = false

    @Flag(help: "List every tensor.")
    var tensors = false

    mutating func validate() throws {
        if model != nil && random != nil { throw ValidationError("Give a model or --random, not both.") }
        try ModelOptions.checkPreset(random)
        if let context, !KeyValueOptions.contexts.contains(context) {
            throw ValidationError("--context takes 1 to \(KeyValueOptions.contexts.upperBound).")
        }
        if !BenchArguments.batches.contains(batch) {
            throw ValidationError("--batch takes 1 to \(BenchArguments.batches.upperBound).")
        }
    }

    func run() throws {
        try Failure.reporting {
            let checkpoint = random == nil ? try Model.checkpoint(model.map { .path($0) } ?? .embedded) : nil
            // Either there is a checkpoint or a preset, which was checked with the arguments.
            let weights = try checkpoint?.weightSource ?? ModelPreset(random ?? "").weights(seed: 1)
            if case .transformer = weights, embedding == .host || packing == .base3 {
                throw UsageError("--embedding host and --packing 1.6 are for MatMul-free models; this is a transformer")
            }
            let report = InspectReport(
                name: checkpoint?.name ?? "random \(random ?? "")",
                weights: weights,
                embeddingElement: checkpoint?.embeddingElement ?? .float16, checkpoint: checkpoint,
                tokenizer: checkpoint?.hasTokenizer == true ? try checkpoint?.tokenizer() : nil,
                credit: checkpoint != nil && model == nil ? EmbeddedModel.credit : nil, listsTensors: tensors,
                backend: try device.map { try DeviceChoice($0).resolve() }, placement: embedding, packing: packing,
                keysAndValues: KeyValueOptions(element: cacheElement ?? .float16, contextLimit: context), sequences: batch)
            if json { try Terminal.write(report.json.description + "\n") } else { try Terminal.writeLines(report.lines) }
        }
    }
}

/// What `inspect` says, for a person and for a machine.
struct InspectReport {
    let name: String
    let weights: ModelWeights
    /// As stored.
    let embeddingElement: EmbeddingTable.Element
    /// nil for a shape without a file.
    let checkpoint: Checkpoint?
    let tokenizer: Tokenizer?
    /// Whom to thank for the model, where that is known.
    let credit: String?
    let listsTensors: Bool
    /// The device that was asked about.
    let backend: Backend?
    /// Of the embedding.
    let placement: EmbeddingPlacement
    /// Of the weights.
    let packing: WeightPacking
    /// How a transformer is to keep keys and values.
    let keysAndValues: KeyValueOptions
    /// Sequences that the device is to hold at a time.
    let sequences: Int
    private var shape: ModelConfiguration { weights.configuration }
    /// Tokens of a text at whose end a token's arithmetic is counted; nil where a token's does not depend on it.
    private var context: Int? {
        guard case .transformer(let shape) = shape else { return nil }
        return keysAndValues.limit(shape)
    }

    private var estimate: (device: DeviceDescription, memory: MemoryEstimate)? {
        guard case .vulkan(let device) = backend else { return nil }
        switch weights {
        case .matMulFree(let source):
            return (
                device,
                MemoryEstimate(
                    source.configuration, embeddingElement: embeddingElement, on: device, placement: placement, packing: packing,
                    sequences: sequences)
            )
        case .transformer(let source):
            return (device, MemoryEstimate(source, on: device, keysAndValues: keysAndValues, sequences: sequences))
        }
    }

    private func describe(_ tokenizer: Tokenizer) -> String {
        func id(_ token: Int?) -> String { token.map { "\($0)" } ?? "none" }
        return "\(tokenizer.count) tokens, begin \(id(tokenizer.beginToken)), end \(id(tokenizer.endToken))"
    }

    var lines: [String] {
        var lines = [
            "model          \(name)", "format         \(checkpoint?.format ?? "none: random weights")",
        ]
        lines += shape.facts.map { $0.label + String(repeating: " ", count: max(1, 15 - $0.label.count)) + $0.text }
        lines.append("tokenizer      \(tokenizer.map(describe) ?? "none")")
        if let checkpoint {
            let total = checkpoint.parts.reduce(0) { $0 + $1.byteCount }
            let parts = checkpoint.parts.map { "\($0.name) \(bytes($0.byteCount))" }.joined(separator: ", ")
            lines.append("stored         \(bytes(total)): \(parts)")
        }
        lines.append("in memory      \(bytes(shape.packedBytes)) of ternary weights at 2 bits, all read for every token")
        lines.append("arithmetic     \(shape.arithmeticText(context: context))")
        if let (device, memory) = estimate {
            lines.append("on the device  \(bytes(memory.total)): \(memory.text)")
            lines.append(
                "device         \(device.name): \(bytes(device.deviceLocalFreeBytes)) free of \(bytes(device.deviceLocalBytes)); "
                    + (memory.fits(device) ? "the model fits" : "the model does NOT fit"))
        } else if let backend {
            lines.append("device         \(backend.name): the model lies in host memory")
        }
        if let credit { lines.append("credit         \(credit)") }
        if listsTensors {
            lines += (checkpoint?.tensors ?? []).map { "tensor         \($0.name) \($0.type) \($0.shape) \(bytes($0.byteCount))" }
        }
        return lines
    }

    private var deviceMemory: JSONText {
        guard let (device, memory) = estimate else { return .null }
        return .object([
            ("device", .string(device.name)), ("sequences", .int(sequences)), ("estimate", memory.json),
            ("device_free_bytes", .int(device.deviceLocalFreeBytes)),
            ("device_bytes", .int(device.deviceLocalBytes)), ("fits", .bool(memory.fits(device))),
        ])
    }

    var json: JSONText {
        var members: [(String, JSONText)] = [
            ("model", .string(name)), ("format", checkpoint.map { .string($0.format) } ?? .null),
            ("ternary_weights", .int(4 * shape.packedBytes)),
        ]
        members += shape.facts.map { ($0.key, $0.value) }
        members += [
            ("credit", credit.map { .string($0) } ?? .null), ("tokenizer_tokens", tokenizer.map { .int($0.count) } ?? .null),
            ("begin_token", tokenizer?.beginToken.map { .int($0) } ?? .null),
            ("end_token", tokenizer?.endToken.map { .int($0) } ?? .null),
            ("packed_ternary_bytes", .int(shape.packedBytes)), ("arithmetic", shape.arithmeticJSON(context: context)),
            ("bytes", checkpoint.map { .object($0.parts.map { ($0.name, .int($0.byteCount)) }) } ?? .null),
            ("device_memory", deviceMemory),
        ]
        if listsTensors {
            members.append(
                (
                    "tensors",
                    .array(
                        (checkpoint?.tensors ?? []).map {
                            .object([
                                ("name", .string($0.name)), ("type", .string($0.type)),
                                ("shape", .array($0.shape.map { .int($0) })),
                                ("bytes", .int($0.byteCount)),
                            ])
                        })
                ))
        }
        return .object(members)
    }
}
