import ArgumentParser
import Glibc
import Logging
import TernaryCPU
import TernaryModels
import VulkanCompute

/// The device of a benchmark that measures the device itself, or its kernels.
struct BenchDeviceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "cpu, vulkan, vulkan:N, or part of a device's name, as `vkternary devices` lists them; the best GPU where none is given, else "
                + "the CPU.",
            valueName: "device"),
        completion: .list(["cpu", "vulkan"]))
    var device: String?

    @Option(help: "Threads of the CPU; as many as the process may use where none are given.")
    var threads: Int?

    @Flag(name: [.customShort("v"), .long], help: "Say on standard error what the device does.")
    var verbose = false

    mutating func validate() throws { try ModelOptions.checkThreads(threads) }

    /// What is measured.
    enum Target {
        case vulkan(Device)
        case cpu(CPUWorkers)
    }

    /// Opens the device, or takes the CPU, which it says where nobody asked for it.
    ///
    /// - Parameter command: who asks, for the message where it cannot be measured.
    func open(for command: String) throws -> Target {
        let choice = DeviceChoice.wanted(device)
        switch try choice.resolve() {
        case .cpuReference:
            throw UsageError(
                "`bench \(command)` measures Vulkan devices and the CPU; cpu-reference, which is slow on purpose, is measured by `bench model`"
            )
        case .cpu:
            let workers = try CPUWorkers(threads: threads)
            if choice == .auto { Terminal.noteAutomaticCPU() }
            return .cpu(workers)
        case .vulkan(let description):
            guard description.features.contains(.timestamps) else {
                throw UsageError(
                    "\(description.name) has no timestamps, by which `bench \(command)` measures; name another device")
            }
            var logger = Logger(label: "vkternary") { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = verbose ? .debug : .warning
            return .vulkan(try Device(description, logger: logger))
        }
    }
}

extension Terminal {
    /// Says that nothing better was found than what runs now.
    static func noteAutomaticCPU() {
        note("vkternary: no GPU to run on (`vkternary devices` says why); the CPU it is")
    }
}

extension DeviceChoice {
    /// What --device says, else VKTERNARY_DEVICE, else `auto`.
    static func wanted(_ option: String?) -> DeviceChoice {
        DeviceChoice(option ?? getenv("VKTERNARY_DEVICE").map { String(cString: $0) } ?? "auto")
    }
}
