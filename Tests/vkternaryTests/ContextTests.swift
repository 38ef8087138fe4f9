import Testing

@Suite("vkternary and a transformer's context")
struct ContextTests {
    @Test(
        "a text that the context does not hold is refused in one line",
        arguments: [
            ["bench", "model", "--context", "64"], ["run", "--context", "64"], ["verify", "--context", "10"],
            ["logits", "--context", "1", "--tokens", "1,2", "--out", "never.npz"],
        ])
    func refused(arguments: [String]) throws {
        let options = ["Tests/Fixtures/transformers/bitnet-packed", "--device", "cpu"]
        let outcome = try Program.finish(Program.start(arguments + options, input: "", environment: [:]))
        #expect(outcome.status == 1)
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains("--context makes it larger"))
    }

    @Test(
        "options that transformers do not have are refused",
        arguments: [["--packing", "1.6"], ["--embedding", "host"], ["--resident"]])
    func options(arguments: [String]) throws {
        let model = ["run", "Tests/Fixtures/transformers/bitnet-packed", "--device", "vulkan:0"]
        let outcome = try Program.finish(Program.start(model + arguments, input: "", environment: [:]))
        // Where there is no Vulkan device at all, that is said instead.
        #expect(outcome.status == 64 && outcome.errorLines.count == 1)
    }
}
