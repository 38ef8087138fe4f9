import ArgumentParser
import TernaryCore
import TernaryFiles
import TernaryModels

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say what a model is: shape, sizes, bytes of its parts, tokenizer.")

    @Argument(help: "A Hugging Face directory or a GGUF file; the built-in model where none is given.", completion: .file())
    var model: String?

    @Flag(help: "Write JSON.")
    var json = false

    @Flag(help: "List every tensor.")
    var tensors = false

    func run() throws {
        try Failure.reporting {
            let checkpoint = try Model.checkpoint(model.map { .path($0) } ?? .embedded)!
            let report = InspectReport(
                checkpoint: checkpoint, tokenizer: checkpoint.hasTokenizer ? try checkpoint.tokenizer() : nil,
                credit: model == nil ? EmbeddedModel.credit : nil, listsTensors: tensors)
            if json { try Terminal.write(report.json.description + "\n") } else { try Terminal.writeLines(report.lines) }
        }
    }
}

/// What `inspect` says, for a person and for a machine.
struct InspectReport {
    let checkpoint: Checkpoint
    let tokenizer: Tokenizer?
    /// Whom to thank for the model, where that is known.
    let credit: String?
    let listsTensors: Bool

    private var packedBytes: Int { checkpoint.configuration.ternaryWeights / 4 }

    private func describe(_ tokenizer: Tokenizer) -> String {
        func id(_ token: Int?) -> String { token.map { "\($0)" } ?? "none" }
        return "\(tokenizer.count) tokens, begin \(id(tokenizer.beginToken)), end \(id(tokenizer.endToken))"
    }

    var lines: [String] {
        let shape = checkpoint.configuration
        var lines = [
            "model          \(checkpoint.name)", "format         \(checkpoint.format)",
            "architecture   MatMul-free LM (hgrn_bit)",
            "parameters     \(shape.parameters.grouped), \(shape.ternaryWeights.grouped) of them ternary",
            "layers         \(shape.layerCount)", "hidden size    \(shape.hiddenSize)", "state size     \(shape.stateSize)",
            "intermediate   \(shape.intermediateSize)", "vocabulary     \(shape.vocabularySize)",
            "lower bounds   \(shape.usesLowerBounds ? "yes" : "no")", "norm epsilon   \(shape.normEpsilon)",
            "tokenizer      \(tokenizer.map(describe) ?? "none")",
        ]
        let total = checkpoint.parts.reduce(0) { $0 + $1.byteCount }
        let parts = checkpoint.parts.map { "\($0.name) \(bytes($0.byteCount))" }.joined(separator: ", ")
        lines.append("stored         \(bytes(total)): \(parts)")
        lines.append("in memory      \(bytes(packedBytes)) of ternary weights at 2 bits, all read for every token")
        lines.append("state          \(bytes(4 * shape.stateSize * shape.layerCount)) for a text of any length")
        if let credit { lines.append("credit         \(credit)") }
        if listsTensors {
            lines += checkpoint.tensors.map { "tensor         \($0.name) \($0.type) \($0.shape) \(bytes($0.byteCount))" }
        }
        return lines
    }

    var json: JSONText {
        let shape = checkpoint.configuration
        var members: [(String, JSONText)] = [
            ("model", .string(checkpoint.name)), ("format", .string(checkpoint.format)), ("architecture", .string("hgrn_bit")),
            ("parameters", .int(shape.parameters)), ("ternary_weights", .int(shape.ternaryWeights)),
            ("layers", .int(shape.layerCount)),
            ("hidden_size", .int(shape.hiddenSize)), ("state_size", .int(shape.stateSize)),
            ("intermediate_size", .int(shape.intermediateSize)), ("vocabulary_size", .int(shape.vocabularySize)),
            ("uses_lower_bounds", .bool(shape.usesLowerBounds)), ("norm_epsilon", .double(Double("\(shape.normEpsilon)") ?? 0)),
            ("credit", credit.map { .string($0) } ?? .null), ("tokenizer_tokens", tokenizer.map { .int($0.count) } ?? .null),
            ("begin_token", tokenizer?.beginToken.map { .int($0) } ?? .null),
            ("end_token", tokenizer?.endToken.map { .int($0) } ?? .null),
            ("packed_ternary_bytes", .int(packedBytes)), ("state_bytes", .int(4 * shape.stateSize * shape.layerCount)),
            ("bytes", .object(checkpoint.parts.map { ($0.name, .int($0.byteCount)) })),
        ]
        if listsTensors {
            members.append(
                (
                    "tensors",
                    .array(
                        checkpoint.tensors.map {
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
