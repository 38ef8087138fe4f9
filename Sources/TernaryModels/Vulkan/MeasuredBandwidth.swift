import TernaryKernels
import VulkanCompute

extension Device {
    /// Reads memory as fast as a plain kernel can.
    ///
    /// - Returns: bytes per second: the median of several reads of a buffer larger than any cache, or as large as one binding may be.
    public func measureReadBandwidth() throws -> Double {
        let traits = DeviceTraits(description)
        let wanted = description.kind == .software ? 64 << 20 : 1 << 30
        let byteCount = min(wanted, description.maxStorageRange, description.maxAllocationBytes) & ~0xFFFF
        let kernel = ReadBandwidth(byteCount: byteCount)
        let data = try makeBuffer(byteCount: byteCount, memory: .device, label: "read bandwidth")
        let result = try makeBuffer(byteCount: 4, memory: .device, label: "read bandwidth result")
        let recording = try record(label: "read bandwidth") { recorder in
            try recorder.writeTimestamp(0)
            try recorder.dispatch(kernel, [BufferSlice(data), BufferSlice(result)], on: self, traits: traits)
            recorder.barrier()
            try recorder.writeTimestamp(1)
        }
        var nanoseconds: [UInt64] = []
        for _ in 0..<7 {
            try run(recording)
            let times = try recording.timestamps()
            nanoseconds.append(times[1] - times[0])
        }
        nanoseconds.sort()
        return Double(byteCount) / (Double(max(1, nanoseconds[nanoseconds.count / 2])) * 1e-9)
    }
}
