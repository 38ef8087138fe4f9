import Glibc
import TernaryCPU
import TernaryModels
import VulkanCompute

/// What every result says of itself.
enum BenchFacts {
    /// The program, the benchmark, the device, and when and by which command it was measured.
    ///
    /// - Parameters:
    ///   - deviceName: as the engine or the driver says it.
    ///   - device: nil where it is the CPU, which has no driver.
    /// - Throws: `UsageError` where VKTERNARY_COMMIT holds no commit.
    static func common(
        benchmark: String, deviceName: String, device: DeviceDescription?
    ) throws -> [BenchTable.Fact] {
        [
            (.init("version", "vkternary"), .text(Vkternary.version)), (.init("benchmark", "benchmark"), .text(benchmark)),
            (.init("device", "device"), .text(deviceName)),
            (.init("driver", "driver"), device.map { .text("\($0.driverName) \($0.driverInfo)") } ?? .missing),
            (.init("commit", "commit"), try commit().map { .text($0) } ?? .missing),
            (.init("command", "command"), .text(command(CommandLine.arguments))),
            (.init("date", "date"), .text(date(time(nil)))),
        ]
    }

    /// The same of what is measured without a model; of the CPU also which one it is and how much of it is used.
    static func common(benchmark: String, _ target: BenchDeviceOptions.Target) throws -> [BenchTable.Fact] {
        switch target {
        case .vulkan(let device):
            return try common(benchmark: benchmark, deviceName: device.description.name, device: device.description)
        case .cpu(let workers):
            return try common(
                benchmark: benchmark, deviceName: CPUFeatures.deviceName(threads: workers.threads, workers.variant), device: nil)
                + processor + [
                    (.init("threads", "threads"), .int(workers.threads)),
                    (.init("instruction_set", "instruction set"), .text(workers.variant.title)),
                ]
        }
    }

    /// Which processor it is.
    static var processor: [BenchTable.Fact] {
        let processor = ProcessorDescription.current
        return [
            (.init("processor", "processor"), .text(processor.name)),
            (.init("processor_megahertz", "clock, MHz"), .optional(processor.megahertz, digits: 0)),
            (.init("memory_nodes", "memory nodes"), .int(processor.memoryNodes)),
        ]
    }

    /// The commit that the program was built from, which only who built it knows; nil where it is not told.
    static func commit(_ variable: String? = getenv("VKTERNARY_COMMIT").map { String(cString: $0) }) throws -> String? {
        guard let variable, !variable.isEmpty else { return nil }
        let hash = variable.hasSuffix("-dirty") ? variable.dropLast(6) : variable[...]
        guard (7...64).contains(hash.utf8.count), hash.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            throw UsageError(
                "VKTERNARY_COMMIT holds '\(variable)'; it takes a git commit, as 84852e4, with -dirty behind it where files differ"
            )
        }
        return variable
    }

    /// The command as a shell takes it, with the program by its name alone.
    static func command(_ arguments: [String]) -> String {
        (["vkternary"] + arguments.dropFirst()).map { argument in
            let isPlain =
                !argument.isEmpty
                && argument.unicodeScalars.allSatisfy { scalar in
                    scalar.isASCII
                        && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                            || "-_=.,:/+@%".unicodeScalars.contains(scalar))
                }
            if isPlain { return argument }
            return "'" + argument.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
        }.joined(separator: " ")
    }

    /// "2026-01-31T12:34:56Z".
    static func date(_ seconds: Int) -> String {
        var moment = seconds
        var parts = tm()
        gmtime_r(&moment, &parts)
        func digits(_ value: Int32) -> String { (value < 10 ? "0" : "") + "\(value)" }
        return "\(parts.tm_year + 1900)-\(digits(parts.tm_mon + 1))-\(digits(parts.tm_mday))T\(digits(parts.tm_hour)):"
            + "\(digits(parts.tm_min)):\(digits(parts.tm_sec))Z"
    }
}
