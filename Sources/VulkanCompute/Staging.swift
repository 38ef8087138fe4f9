import CVulkan

/// Moves bytes into and out of memory that the host cannot map, through two halves of a buffer that it can: the host copies
/// the one while the device copies the other.
final class Staging: Sendable {
    private struct Halves {
        var upload: [Buffer] = []
        var readback: [Buffer] = []
    }

    private static let halfBytes = 8 << 20
    /// Of the two halves that copies in one direction share.
    static let bytesEachWay = 2 * halfBytes

    private let device: LogicalDevice
    private let memory: MemoryAllocator
    private let halves = Lock(Halves())

    init(_ device: LogicalDevice, memory: MemoryAllocator) {
        self.device = device
        self.memory = memory
    }

    /// Zeroes a buffer with its padding.
    func clear(_ buffer: Buffer) throws(VulkanError) {
        let recording = try record("clear \(buffer.label)") { $0.fill(buffer.all) }
        try recording.submit()
        try recording.wait(spin: 0)
    }

    func upload(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer, offset: Int) throws(VulkanError) {
        try halves.withLock { (halves) throws(VulkanError) in
            if halves.upload.isEmpty { halves.upload = try makeHalves(.upload) }
            var running: [Recording?] = [nil, nil]
            for (turn, start) in stride(from: 0, to: bytes.count, by: Self.halfBytes).enumerated() {
                let half = halves.upload[turn % 2]
                try running[turn % 2]?.wait(spin: 0)
                let count = min(Self.halfBytes, bytes.count - start)
                half.contents?.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]))
                let recording = try record("upload \(buffer.label)") {
                    $0.copy(
                        from: half.slice(offset: 0, byteCount: count), to: buffer.slice(offset: offset + start, byteCount: count))
                }
                try recording.submit()
                running[turn % 2] = recording
            }
            for recording in running { try recording?.wait(spin: 0) }
        }
    }

    func download(from buffer: Buffer, offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(VulkanError) {
        try halves.withLock { (halves) throws(VulkanError) in
            if halves.readback.isEmpty { halves.readback = try makeHalves(.readback) }
            var running: [(recording: Recording, start: Int, count: Int)?] = [nil, nil]
            func finish(_ index: Int) throws(VulkanError) {
                guard let part = running[index], let contents = halves.readback[index].contents else { return }
                try part.recording.wait(spin: 0)
                UnsafeMutableRawBufferPointer(rebasing: bytes[part.start..<part.start + part.count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: contents[..<part.count]))
                running[index] = nil
            }
            var turn = 0
            for start in stride(from: 0, to: bytes.count, by: Self.halfBytes) {
                try finish(turn)
                let count = min(Self.halfBytes, bytes.count - start)
                let half = halves.readback[turn]
                let recording = try record("download \(buffer.label)") {
                    $0.copy(
                        from: buffer.slice(offset: offset + start, byteCount: count), to: half.slice(offset: 0, byteCount: count))
                }
                try recording.submit()
                running[turn] = (recording, start, count)
                turn = 1 - turn
            }
            try finish(turn)
            try finish(1 - turn)
        }
    }

    private func makeHalves(_ placement: BufferMemory) throws(VulkanError) -> [Buffer] {
        var halves: [Buffer] = []
        for number in 0..<2 {
            let label = "staging \(placement) \(number)"
            halves.append(try Buffer(Self.halfBytes, placement: placement, label: label, memory: memory, on: device))
        }
        return halves
    }

    private func record(_ label: String, _ body: (inout Recorder) -> Void) throws(VulkanError) -> Recording {
        var recorder = Recorder(device)
        body(&recorder)
        return try Recording(recorder, label: label, on: device)
    }
}
