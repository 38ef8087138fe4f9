import ArgumentParser
import CTernary
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
            "Random weights of a published shape instead of a model, for measurements: 370m, 1.3b, 2.7b, 13b (MatMul-free), bitnet-2b-4t and others.",
            valueName: "preset"),
        completion: .list(ModelPreset.names))
    var random: String?

    @Option(
        help: ArgumentHelp(
            "auto, cpu, cpu-reference, vulkan, vulkan:N, or part of a device's name. auto takes the best GPU, else the CPU; a software "
                + "driver runs only when named. The environment variable VKTERNARY_DEVICE sets the default; `vkternary devices` lists them.",
            valueName: "device"),
        completion: .list(["auto", "cpu", "cpu-reference", "vulkan"]))
    var device: String?

    @Option(help: "Threads of the CPU; as many as the process may use where none are given.")
    var threads: Int?

    @Flag(help: "Run norm, quantisation and product as separate dispatches: the baseline of the benchmarks. Same bits.")
    var unfused = false

    @Flag(help: "Run each BitLinear as one dispatch for prompts too, where the default is what is faster. Same bits.")
    var fused = false

    @Flag(help: "Decode every token in one dispatch, where the default is what is faster. Same bits.")
    var resident = false

    @Option(
        help: ArgumentHelp(
            "Where a Vulkan device's embedding table lies: device, host (one row a token is sent), or auto: the device where the whole "
                + "model fits it. Same bits.", valueName: "place"))
    var embedding = EmbeddingPlacement.automatic

    @Option(
        help: ArgumentHelp(
            "Bits a ternary weight takes of a Vulkan device's memory: 2, 1.6 (five to a byte, unpacked before each use: smaller and slower), "
                + "or auto: 2 where the model fits so. Same bits.", valueName: "bits"))
    var packing = WeightPacking.automatic

    @Flag(
        name: .customLong("no-mmap"),
        help:
            "Copy all weights into memory of this process, where the default is to use them in the file as far as they lie there as they are used (`convert --type t2`). Same bits."
    )
    var copiesFiles = false

    @Flag(name: [.customShort("v"), .long], help: "Say on standard error what the engine does.")
    var verbose = false

    @Option(
        help: ArgumentHelp(
            "Tokens that a transformer's text may have, prompt included; what the model was made for, 4096 at most, where none are given. "
                + "Their keys and values take memory.", valueName: "tokens"))
    var context: Int?

    @Option(
        name: .customLong("cache"),
        help: ArgumentHelp(
            "How a transformer keeps keys and values: f32, f16 or q8_0 (8.5 bits a value). Each has bits of its own.",
            valueName: "type"))
    var cacheElement: KeyValueElement?

    /// Refuses a preset that there is not.
    static func checkPreset(_ name: String?) throws {
        guard let name else { return }
        do { _ = try ModelPreset(name) } catch { throw ValidationError("\(error)") }
    }

    /// How a transformer keeps keys and values.
    var keysAndValues: KeyValueOptions { KeyValueOptions(element: cacheElement ?? .float16, contextLimit: context) }

    var source: ModelSource { random.map { .random($0) } ?? model.map { .path($0) } ?? .embedded }

    /// What --device says, else VKTERNARY_DEVICE, else `auto`.
    var deviceChoice: DeviceChoice { .wanted(device) }

    /// How BitLinears run on a Vulkan device.
    var form: VulkanEngine.Form { unfused ? .unfused : fused ? .fused : resident ? .resident : .automatic }

    var logger: Logger {
        var logger = Logger(label: "vkternary") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .debug : .warning
        return logger
    }

    mutating func validate() throws {
        if model != nil && random != nil { throw ValidationError("Give a model or --random, not both.") }
        try Self.checkPreset(random)
        if model == "" { throw ValidationError("A model's path cannot be empty.") }
        if [fused, unfused, resident].count(where: { $0 }) > 1 {
            throw ValidationError("Give one of --fused, --unfused and --resident.")
        }
        if let context, !KeyValueOptions.contexts.contains(context) {
            throw ValidationError("--context takes 1 to \(KeyValueOptions.contexts.upperBound).")
        }
        try Self.checkThreads(threads)
    }

    /// Refuses more threads than any machine has use for.
    static func checkThreads(_ threads: Int?) throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads takes 1 to 1024.") }
    }

    /// Tells who asked for it where the time goes.
    private func note(_ event: String) {
        logger.debug("\(event)", metadata: ["seconds": "\(ProcessClock.seconds.map { $0.fixed(2) } ?? "unknown")"])
    }

    /// Reads the model and makes it ready, with a progress bar where a person looks on.
    ///
    /// - Parameters:
    ///   - quiet: leaves out the bar, and the note that `auto` found no GPU.
    ///   - sequences: that the engine keeps the states of.
    ///   - check: is given the model before any weight is read; what it throws ends it.
    func prepare(
        quiet: Bool, sequences: Int = 1, check: (OpenModel) throws -> Void = { _ in }
    ) throws -> LoadedModel {
        ct_keep_freed_memory()
        let backend = try deviceChoice.resolve()
        note("the device is found")
        if !quiet, deviceChoice == .auto, case .cpu = backend {
            Terminal.noteAutomaticCPU()
        }
        let clock = ContinuousClock()
        let start = clock.now
        var bar = ProgressBar("Loading", isShown: !quiet)
        defer { bar.finish() }
        let model = try Model.open(source, maps: !copiesFiles)
        note("the model is open")
        try check(model)
        if !quiet {
            for notice in model.notices + (model.tokenizer?.vocabulary.notices ?? []) { Terminal.note("vkternary: \(notice)") }
        }
        try backend.checkMemory(
            model.weights, model.embeddingElement, form: form, placement: embedding, packing: packing,
            keysAndValues: keysAndValues, sequences: sequences)
        let engine = try backend.engine(
            for: model.weights, form: form, placement: embedding, packing: packing, keysAndValues: keysAndValues,
            threads: threads,
            sequences: sequences, logger: logger
        ) {
            bar.update($0)
        }
        note("the model is ready")
        return try LoadedModel(
            model, engine: engine, loadSeconds: (clock.now - start) / .seconds(1))
    }
}

extension EmbeddingPlacement: ExpressibleByArgument {}
extension WeightPacking: ExpressibleByArgument {}

extension KeyValueElement: ExpressibleByArgument {
    /// GGUF's names.
    public init?(argument: String) {
        guard let element = Self.allCases.first(where: { $0.argument == argument.lowercased() }) else { return nil }
        self = element
    }

    /// What help and completion offer: the numbers behind the names mean nothing to anybody.
    public static var allValueStrings: [String] { allCases.map(\.argument) }

    /// The option's own help says what they are.
    public static var allValueDescriptions: [String: String] { [:] }

    /// As it is given.
    public var defaultValueDescription: String { argument }

    /// GGUF's name of it.
    var argument: String {
        switch self {
        case .float32: "f32"
        case .float16: "f16"
        case .q8: "q8_0"
        }
    }
}
