import ArgumentParser

@main
struct Vkternary: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vkternary",
        abstract: "Runs language models with weights of -1, 0 and +1 on any Vulkan GPU and on the CPU, to the same bits.",
        discussion: """
            Without a model, commands use the small one that is built in. A model is a Hugging Face directory of type hgrn_bit or a \
            GGUF file made by `vkternary convert`.

            Exit codes: 0 success; 1 a device failed, or `verify` found a difference; 2 a file cannot be used; 64 wrong usage; \
            130 interrupted.
            """,
        version: version,
        subcommands: [
            Run.self, Chat.self, Devices.self, Inspect.self, Verify.self, Logits.self, Perplexity.self, Convert.self, Bench.self,
        ],
        defaultSubcommand: nil)

    /// Semantic version of the program.
    static let version = "0.1.0"
}
