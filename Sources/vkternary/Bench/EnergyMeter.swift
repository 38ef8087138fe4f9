import VulkanCompute

/// Joules that a model's tokens cost, beyond what the device takes when nothing is loaded.
struct EnergyMeter {
    private let counter: EnergyCounter
    private let idleWatts: Double

    static let columns: [BenchTable.Column] = [
        .init("joules_per_token", "J/token over idle"), .init("watts", "watts"),
    ]

    var facts: [BenchTable.Fact] { [(.init("idle_watts", "idle, watts"), .number(idleWatts, digits: 1))] }

    /// Measures the device while it is idle.
    ///
    /// - Parameter device: nil for the CPU.
    /// - Throws: `UsageError` where the device has no energy counter.
    init(_ device: DeviceDescription?) throws {
        guard let device else {
            throw UsageError(
                "--energy: the CPU has no counter that is read here; only NVIDIA GPUs are measured; leave the option out")
        }
        counter = try EnergyCounter(device)
        idleWatts = try counter.idleWatts()
    }

    /// Runs a test for as long as makes the counter's steps small; its cells are those of `columns`.
    func measure(_ test: ModelTest, _ model: LoadedModel) throws -> [BenchTable.Cell] {
        let clock = ContinuousClock()
        let (start, before) = (clock.now, try counter.joules())
        var tokens = 0
        repeat {
            _ = try test.runOnce(model)
            // A text's first token is not timed, but it is paid for.
            tokens += test.tokens + test.unmeasuredTokens
        } while clock.now - start < .seconds(3)
        let joules = try counter.joules() - before
        let seconds = (clock.now - start) / .seconds(1)
        return [.number((joules - idleWatts * seconds) / Double(tokens), digits: 4), .number(joules / seconds, digits: 1)]
    }
}
