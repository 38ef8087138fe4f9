import TernaryKernels
import TernaryModels
import VulkanCompute

/// Measures what bounds every model on a device.
struct DeviceLimits {
    let device: Device
    let repetitions: Int

    /// Dispatches in a recording: enough that its ends do not count.
    private static let dispatches = 1024
    /// Values that one of them takes: a work group's.
    private static let values = 256

    /// GB/s of a kernel that only reads.
    func readBandwidth() throws -> Samples {
        Samples(
            try (0..<repetitions).map { _ in
                try Interrupt.check()
                return try device.measureReadBandwidth() / 1e9
            })
    }

    /// GB/s of copies from one buffer to another, by a kernel or by the driver's command: bytes read and bytes written.
    func copyBandwidth(byKernel: Bool) throws -> Samples {
        let description = device.description
        let wanted = description.kind == .software ? 64 << 20 : 1 << 30
        let byteCount =
            min(wanted, description.maxStorageRange, description.maxAllocationBytes, description.deviceLocalBytes / 8) & ~0xFFFF
        let source = try device.makeBuffer(byteCount: byteCount, memory: .device, label: "copy source")
        let target = try device.makeBuffer(byteCount: byteCount, memory: .device, label: "copy target")
        let filling = try device.record(label: "fill") {
            $0.fill(BufferSlice(source), with: Self.pattern)
            $0.fill(BufferSlice(target))
        }
        try device.run(filling)
        let recording = try device.record(label: "copy") { recorder in
            try recorder.writeTimestamp(0)
            if byKernel {
                try recorder.dispatch(
                    CopyBandwidth(byteCount: byteCount), [BufferSlice(source), BufferSlice(target)], on: device,
                    traits: DeviceTraits(description))
            } else {
                recorder.copy(from: BufferSlice(source), to: BufferSlice(target))
            }
            recorder.barrier()
            try recorder.writeTimestamp(1)
        }
        let samples = try seconds(of: recording)
        // The ends and the middle: what a kernel would leave out.
        for offset in [0, byteCount / 2, byteCount - 4096] {
            let words = try device.download(UInt32.self, count: 1024, from: target, offset: offset)
            if words.contains(where: { $0 != Self.pattern }) { throw mismatch("a copy") }
        }
        return samples.map { 2 * Double(byteCount) / $0 / 1e9 }
    }

    private static let pattern: UInt32 = 0x5555_5555

    /// What is said where a device computes wrongly.
    func mismatch(_ what: String) -> BenchMismatch {
        BenchMismatch(description: "\(device.description.name): \(what) has a wrong result; its time means nothing")
    }

    /// Microseconds of a dispatch of one work group.
    func dispatch(withBarrier: Bool) throws -> Samples {
        try seconds(of: try tinyDispatches(Self.dispatches, withBarrier: withBarrier)).map { $0 / Double(Self.dispatches) * 1e6 }
    }

    /// Microseconds from submitting one dispatch to its end, for the host.
    func submission() throws -> Samples {
        let recording = try tinyDispatches(1, withBarrier: true)
        try device.run(recording)
        let clock = ContinuousClock()
        return Samples(
            try (0..<repetitions).map { _ in
                try Interrupt.check()
                let start = clock.now
                try device.run(recording)
                return (clock.now - start) / .seconds(1) * 1e6
            })
    }

    private func tinyDispatches(_ count: Int, withBarrier: Bool) throws -> Recording {
        // Each on values of its own, so that they may overlap where nothing stands between them.
        let each = Self.values * 4
        let x = try device.makeBuffer(byteCount: count * each, memory: .device, label: "x")
        let y = try device.makeBuffer(byteCount: each, memory: .device, label: "y")
        let clearing = try device.record(label: "clear") { recorder in
            recorder.fill(BufferSlice(x))
            recorder.fill(BufferSlice(y))
        }
        try device.run(clearing)
        let traits = DeviceTraits(device.description)
        return try device.record(label: "tiny dispatches") { recorder in
            try recorder.writeTimestamp(0)
            for index in 0..<count {
                try recorder.dispatch(
                    Residual(count: Self.values), [x.slice(offset: index * each, byteCount: each), BufferSlice(y)], on: device,
                    traits: traits)
                if withBarrier { recorder.barrier() }
            }
            recorder.barrier()
            try recorder.writeTimestamp(1)
        }
    }

    /// By the device's clock, after a run that does not count.
    func seconds(of recording: Recording) throws -> Samples {
        try device.run(recording)
        return Samples(
            try (0..<repetitions).map { _ in
                try Interrupt.check()
                try device.run(recording)
                let times = try recording.timestamps()
                return Double(max(1, times[1] - times[0])) * 1e-9
            })
    }
}
