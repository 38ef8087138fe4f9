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

            A transformer becomes a file of architecture bitnet-b1.58, bitnet, llama or qwen3, whichever computes what it does. Where
            GGUF has no place for something, nothing is written and the reason is said.

            With --random there is no source, only the file to write: a model of a published shape, to measure this program and others with.

              vkternary convert DIRECTORY model.gguf
              vkternary convert --random bitnet-2b-4t random.gguf
            """)

    @Argument(help: "A Hugging Face directory, or a GGUF file to be packed otherwise.", completion: .file())
    var source: String

    @Argument(help: "The GGUF file to write.", completion: .file(extensions: ["gguf"]))
    var destination: String?

    @Option(
        help: ArgumentHelp(
            "Random weights of a published shape instead of a source: 370m, 1.3b, 2.7b, 13b (MatMul-free), bitnet-2b-4t and others.",
            valueName: "preset"),
        completion: .list(ModelPreset.names))
    var random: String?

    @Option(
        help:
            "How ternary weights are packed: tq1_0 (1.69 bits a weight), tq2_0 (2.06 bits, faster to load), i2_s (2 bits, transformers only), or t2 (2 bits, as they are used: starts at once and shares memory, for vkternary alone)."
    )
    var type: TernaryBlockType = .tq2_0

    @Option(help: "How the embedding is stored: common (f16 where that is exact, else f32) or compact (bf16 too).")
    var embedding: EmbeddingFormat = .common

    @Option(
        help: ArgumentHelp(
            "Round a transformer's head to q8_0: half the bytes a token has to read there. Nothing else here loses information.",
            valueName: "type"))
    var quantizeHead: HeadType?

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
            let model = try Model.open(random.map { .random($0) } ?? .path(source), maps: false, hasHalfScales: true)
            var bar = ProgressBar("Converting")
            defer { bar.finish() }
            let progress = { (done: Int, total: Int) in
                try Interrupt.check()
                bar.update(Double(done) / Double(max(1, total)))
            }
            switch model.weights {
            case .matMulFree(let weights):
                if quantizeHead != nil { throw FileError(source, "has a ternary head, which --quantize-head is not for") }
                try weights.write(
                    toGGUF: destination, name: model.name, tokenizer: model.tokenizer, type: type, embedding: embedding,
                    progress: progress)
            case .transformer(let weights):
                try weights.write(
                    toGGUF: destination, name: model.name, tokenizer: model.tokenizer, type: type,
                    quantizesHead: quantizeHead != nil, progress: progress)
            }
        }
    }
}

/// What a head can be rounded to.
enum HeadType: String, CaseIterable, ExpressibleByArgument { case q8_0 }

extension TernaryBlockType: ExpressibleByArgument {}
extension EmbeddingFormat: ExpressibleByArgument {}
