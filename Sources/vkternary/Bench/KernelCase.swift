import TernaryKernels
import VulkanCompute

/// An op at one size on a device: its dispatches, what they bind in turn, and what must come out.
struct KernelCase {
    /// A buffer, or several that dispatches take in turn.
    typealias Rotation = [Buffer]

    /// One dispatch of an op that may have several.
    struct Stage {
        let cost: KernelCost
        let usesMatrixUnits: Bool
        /// How many different sets of buffers there are.
        let sets: Int
        let record: (inout Recorder, _ set: Int) throws -> Void
    }

    /// Rows that the first set's buffer must hold afterwards.
    struct Output {
        let buffer: Buffer
        /// Values from a row to the next.
        let stride: Int
        /// Rows.
        let count: Int
        /// What they hold, as bits; repeated over the rows that are compared.
        let expected: [[UInt32]]
        /// The rows that are compared; all where none are named.
        var places: [Int]?

        /// The first row that holds something else.
        func firstWrongRow(_ device: Device) throws -> Int? {
            let words = try device.download(UInt32.self, count: buffer.byteCount / 4, from: buffer)
            return (places ?? Array(0..<count)).enumerated().first { index, row in
                let expected = expected[index % expected.count]
                return !words[row * stride..<row * stride + expected.count].elementsEqual(expected)
            }?.element
        }
    }

    let op: KernelOp
    let tokens: Int
    let columns: Int
    /// Of its matrix or table; nil where it has none.
    let rows: Int?
    let stages: [Stage]
    let outputs: [Output]

    var cost: KernelCost { stages.dropFirst().reduce(stages[0].cost) { $0 + $1.cost } }

    /// Seconds below which it cannot come, and what binds the longest of its dispatches.
    func floor(_ ceilings: DeviceCeilings) -> (seconds: Double, bound: DeviceCeilings.Bound) {
        let floors = stages.map { ceilings.floor($0.cost, usesMatrixUnits: $0.usesMatrixUnits) }
        return (floors.reduce(0) { $0 + $1.seconds }, floors.max { $0.seconds < $1.seconds }!.bound)
    }

    /// As messages name it.
    var name: String { "\(op.rawValue) \(columns)" + (rows.map { "x\($0)" } ?? "") + ", \(tokens) tokens" }
}

/// Runs cases.
struct KernelTimer {
    let device: Device
    let repetitions: Int
    /// Written before each measurement, so that nothing that it reads is in a cache; nil where there are no device's caches.
    private let flush: Buffer?

    /// Longest that one repetition should take, in seconds, as long as one dispatch does not.
    private static let enough = 0.02

    init(_ device: Device, repetitions: Int) throws {
        (self.device, self.repetitions) = (device, repetitions)
        let description = device.description
        flush =
            description.kind == .software
            ? nil
            : try device.makeBuffer(
                byteCount: min(512 << 20, description.deviceLocalBytes / 8, description.maxAllocationBytes) & ~0xFF,
                memory: .device, label: "flush")
    }

    /// Checks a case, then times it.
    ///
    /// - Returns: seconds that it takes once, with the barriers behind its dispatches.
    /// - Throws: ``BenchMismatch`` where the device computes other bits than the reference.
    func measure(_ test: KernelCase) throws -> Samples {
        let clock = ContinuousClock()
        var start = clock.now
        try check(test)
        // While the host works on the reference, a device idles, and takes a while to raise its clocks again.
        let warmUp: Duration = flush != nil && clock.now - start > .milliseconds(100) ? .milliseconds(500) : .zero
        let sets = test.stages.map(\.sets).max() ?? 1
        let one = try seconds(try record(test, sets: sets, timed: 1), count: 1)
        let timed = max(1, min(sets - 1, Int(min(1e6, Self.enough / one))))
        let recording = try record(test, sets: sets, timed: timed)
        start = clock.now
        repeat { try device.run(recording) } while clock.now - start < warmUp
        return Samples(
            try (0..<repetitions).map { _ in
                try Interrupt.check()
                return try seconds(recording, count: timed)
            })
    }

    private func seconds(_ recording: Recording, count: Int) throws -> Double {
        try device.run(recording)
        let times = try recording.timestamps()
        return Double(max(1, times[1] - times[0])) * 1e-9 / Double(count)
    }

    private func check(_ test: KernelCase) throws {
        let recording = try device.record(label: test.name) { recorder in
            for stage in test.stages {
                try stage.record(&recorder, 0)
                recorder.barrier()
            }
        }
        try device.run(recording)
        for output in test.outputs {
            if let row = try output.firstWrongRow(device) {
                throw BenchMismatch(
                    description:
                        "\(test.name): \(device.description.name) computes other bits than the reference in row \(row) of "
                        + "\(output.buffer.label); nothing was measured (`vkternary verify` tells more)")
            }
        }
    }

    /// The last set runs before the clock does: it finds the shader and what all sets share.
    private func record(_ test: KernelCase, sets: Int, timed: Int) throws -> Recording {
        try device.record(label: test.name) { recorder in
            if let flush {
                recorder.fill(BufferSlice(flush))
                recorder.barrier()
            }
            for set in [sets - 1] + Array(0..<timed) {
                if set == 0 { try recorder.writeTimestamp(0) }
                for stage in test.stages {
                    try stage.record(&recorder, set)
                    recorder.barrier()
                }
            }
            try recorder.writeTimestamp(1)
        }
    }
}

/// A kernel that is wrong is not worth timing.
struct BenchMismatch: Error, CustomStringConvertible {
    let description: String
}
