import ArgumentParser

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure models, kernels and devices.",
        discussion: """
            Every result is the median of the repetitions, with the lowest and the highest, and says on which device, driver and version \
            it was measured.

              vkternary bench model --random 1.3b
              vkternary bench kernels --shapes 1.3b --tokens 1,16
              vkternary bench device --json
            """,
        subcommands: [BenchModel.self, BenchKernels.self, BenchDevice.self])
}
