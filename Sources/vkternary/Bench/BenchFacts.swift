import TernaryModels
import VulkanCompute

/// What every result says of itself.
enum BenchFacts {
    /// The program, the benchmark and the device.
    ///
    /// - Parameters:
    ///   - deviceName: as the engine or the driver says it.
    ///   - device: nil where it is the CPU, which has no driver.
    static func common(
        benchmark: String, deviceName: String, device: DeviceDescription?
    ) -> [BenchTable.Fact] {
        [
            (.init("version", "vkternary"), .text(Vkternary.version)), (.init("benchmark", "benchmark"), .text(benchmark)),
            (.init("device", "device"), .text(deviceName)),
            (.init("driver", "driver"), device.map { .text("\($0.driverName) \($0.driverInfo)") } ?? .missing),
        ]
    }
}
