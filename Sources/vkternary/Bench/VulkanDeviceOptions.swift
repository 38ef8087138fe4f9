import ArgumentParser
import Glibc
import Logging
import TernaryModels
import VulkanCompute

/// The device of a benchmark that measures Vulkan itself.
struct VulkanDeviceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "vulkan, vulkan:N, or part of a device's name, as `vkternary devices` lists them; the best GPU where none is given.",
            valueName: "device"),
        completion: .list(["vulkan"]))
    var device: String?

    @Flag(name: [.customShort("v"), .long], help: "Say on standard error what the device does.")
    var verbose = false

    /// Opens the device.
    ///
    /// - Parameter command: who asks, for the message where it is the CPU.
    func open(for command: String) throws -> Device {
        guard case .vulkan(let description) = try DeviceChoice.wanted(device).resolve() else {
            throw UsageError(
                "`bench \(command)` measures a Vulkan device, and here it would be the CPU; name one with --device "
                    + "(`vkternary devices` lists them; software drivers only run when named), or use `bench model`, which takes CPUs"
            )
        }
        guard description.features.contains(.timestamps) else {
            throw UsageError("\(description.name) has no timestamps, by which `bench \(command)` measures; name another device")
        }
        var logger = Logger(label: "vkternary") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .debug : .warning
        return try Device(description, logger: logger)
    }
}

extension DeviceChoice {
    /// What --device says, else VKTERNARY_DEVICE, else `auto`.
    static func wanted(_ option: String?) -> DeviceChoice {
        DeviceChoice(option ?? getenv("VKTERNARY_DEVICE").map { String(cString: $0) } ?? "auto")
    }
}
