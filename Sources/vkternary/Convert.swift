import ArgumentParser
import TernaryCore
import TernaryFiles
import TernaryModels

struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Pack a checkpoint into one GGUF file.",
        discussion: """
            The file holds ternary weights packed, the configuration and the tokenizer, and gives the same bits as its source. It is
            written under a temporary name and renamed when it is whole. docs/GGUF.md describes it.

            With --random there is no source, only the file to write: a model of a published shape, to measure loading with.

              vkternary convert DIRECTORY model.gguf
              vkternary convert --random 2.7b random.gguf
            """)

    @Argument(help: "A Hugging Face directory (model_type hgrn_bit), or a GGUF file to be packed otherwise.", completion: .file())
    var source: String

    @Argument(help: "The GGUF file to write.", completion: .file(extensions: ["gguf"]))
    var destination: String?

    @Option(
        help: ArgumentHelp(
            "Random weights of a published shape instead of a source: 370m, 1.3b, 2.7b or 13b.", valueName: "preset"))
    var random: String?

    @Option(help: "How ternary weights are packed: tq1_0 (1.69 bits a weight) or tq2_0 (2.06 bits, faster to load).")
    var type: TernaryBlockType = .tq2_0

    @Option(help: "How the embedding is stored: common (f16 where that is exact, else f32) or compact (bf16 too).")
    var embedding: EmbeddingFormat = .common

    @Flag(help: "Replace the destination if it is there.")
    var force = false

    mutating func validate() throws {
        if random != nil && destination != nil { throw ValidationError("--random takes the place of a source: give one file.") }
        if random == nil && destination == nil { throw ValidationError("Give a source and the file to write.") }
        try ModelOptions.checkPreset(random)
    }

    func run() throws {
        try Failure.reporting {
            let destination = destination ?? source
            if random == nil && isSameFile(source, destination) {
                throw FileError(destination, "is the source itself; give the new file another name")
            }
            if !force && fileExists(destination) { throw FileError(destination, "is there already; --force replaces it") }
            Interrupt.listen()
            let model = try Model.open(random.map { .random($0) } ?? .path(source))
            var bar = ProgressBar("Converting")
            defer { bar.finish() }
            guard case .matMulFree(let weights) = model.weights else {
                throw FileError(source, "is a transformer, which this cannot write yet")
            }
            try weights.write(
                toGGUF: destination, name: model.name, tokenizer: model.tokenizer, type: type, embedding: embedding
            ) { done, total in
                try Interrupt.check()
                bar.update(Double(done) / Double(max(1, total)))
            }
        }
    }
}

extension TernaryBlockType: ExpressibleByArgument {}
extension EmbeddingFormat: ExpressibleByArgument {}
