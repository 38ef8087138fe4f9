import CTernary

extension ThreadPool {
    /// Reads memory as fast as plain loops on all threads can.
    ///
    /// - Returns: bytes per second, the best of several reads of 256 MiB, more than common caches hold.
    func measureReadBandwidth() -> Double {
        let byteCount = 256 << 20
        let chunks = 256
        let data = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
        defer { data.deallocate() }
        data.initializeMemory(as: UInt8.self, repeating: 1)
        let sums = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: chunks)
        defer { sums.deallocate() }
        sums.initialize(repeating: 0)
        let clock = ContinuousClock()
        var best = Duration.seconds(1000)
        for _ in 0..<5 {
            let start = clock.now
            run(chunks) { chunk, _ in
                sums[chunk] = ct_read(data.baseAddress! + chunk * (byteCount / chunks), byteCount / chunks)
            }
            best = min(best, clock.now - start)
        }
        return Double(byteCount) / (best / .seconds(1))
    }
}

extension MatMulFreeCPU {
    /// Bytes per second that all threads together read from memory.
    public func measureReadBandwidth() -> Double { pool.measureReadBandwidth() }
}

extension TransformerCPU {
    /// Bytes per second that all threads together read from memory.
    public func measureReadBandwidth() -> Double { pool.measureReadBandwidth() }
}
