import ArgumentParser
import Glibc
import Logging
import TernaryCore
import TernaryModels
import VulkanCompute

/// Options that name a model and a device; every command that runs one has them.
struct ModelOptions: ParsableArguments {
    @Argument(
        help: "A Hugging Face directory (model_type hgrn_bit) or a GGUF file; the built-in model where none is given.",
        completion: .file())
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Random weights of a known shape instead of a model: \(Self.presets). For measurements.", valueName: "preset"),
        completion: .list(MatMulFreeConfiguration.presets.keys.sorted()))
    var random: String?

    @Option(
        help: ArgumentHelp(
            "auto, cpu, cpu-reference, vulkan, vulkan:N, or part of a device's name. auto takes the best GPU, else the CPU; a software "
                + "driver runs only when named. The environment variable VKTERNARY_DEVICE sets the default.",
            valueName: "device"),
        completion: .list(["auto", "cpu", "cpu-reference", "vulkan"]))
    var device: String?

    @Option(help: "Threads of the CPU; as many as the process may use where none are given.")
    var threads: Int?

    @Flag(help: "Run norm, quantisation and product as separate dispatches: the baseline of the benchmarks. Same bits.")
    var unfused = false

    @Flag(name: [.customShort("v"), .long], help: "Say on standard error what the engine does.")
    var verbose = false

    private static let presets = MatMulFreeConfiguration.presets.keys.sorted().joined(separator: ", ")

    var source: ModelSource { random.map { .random($0) } ?? model.map { .path($0) } ?? .embedded }

    var backend: Backend {
        get throws {
            try DeviceChoice(device ?? getenv("VKTERNARY_DEVICE").map { String(cString: $0) } ?? "auto").resolve()
        }
    }

    var logger: Logger {
        var logger = Logger(label: "vkternary") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .debug : .warning
        return logger
    }

    mutating func validate() throws {
        if model != nil && random != nil { throw ValidationError("Give a model or --random, not both.") }
        if let random, MatMulFreeConfiguration.presets[random] == nil {
            throw ValidationError("There is no preset '\(random)'; there are \(Self.presets).")
        }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads takes 1 to 1024.") }
    }

    /// Reads the model and makes it ready, with a progress bar where a person looks on.
    func prepare(quiet: Bool) throws -> (model: Model, engine: any Engine) {
        var bar = ProgressBar("Loading", isShown: !quiet)
        defer { bar.finish() }
        let backend = try backend
        let model = try Model.load(source) { bar.update($0 * 0.7) }
        let engine = try backend.engine(
            for: model.weights, form: unfused ? .unfused : .automatic, threads: threads, logger: logger
        ) { bar.update(0.7 + $0 * 0.3) }
        return (model, engine)
    }
}
