import ArgumentParser
import TernaryFiles

struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Pack a checkpoint into one GGUF file.",
        discussion: """
            The file holds ternary weights packed, the configuration and the tokenizer, and gives the same bits as its source. It is
            written under a temporary name and renamed when it is whole. docs/GGUF.md describes it.
            """)

    @Argument(help: "A Hugging Face directory (model_type hgrn_bit), or a GGUF file to be packed otherwise.", completion: .file())
    var source: String

    @Argument(help: "The GGUF file to write.", completion: .file(extensions: ["gguf"]))
    var destination: String

    @Option(help: "How ternary weights are packed: tq1_0 (1.69 bits a weight) or tq2_0 (2.06 bits, faster to load).")
    var type: TernaryBlockType = .tq2_0

    @Option(help: "How the embedding is stored: common (f16 where that is exact, else f32) or compact (bf16 too).")
    var embedding: EmbeddingFormat = .common

    @Flag(help: "Replace the destination if it is there.")
    var force = false

    func run() throws {
        try Failure.reporting {
            if isSameFile(source, destination) {
                throw FileError(destination, "is the source itself; give the new file another name")
            }
            if !force && fileExists(destination) { throw FileError(destination, "is there already; --force replaces it") }
            Interrupt.listen()
            var bar = ProgressBar("Converting")
            defer { bar.finish() }
            try TernaryFiles.convert(from: source, to: destination, type: type, embedding: embedding) { done, total in
                try Interrupt.check()
                bar.update(Double(done) / Double(max(1, total)))
            }
        }
    }
}

extension TernaryBlockType: ExpressibleByArgument {}
extension EmbeddingFormat: ExpressibleByArgument {}
