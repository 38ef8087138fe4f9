import CTernary

extension ThreadPool {
    /// Reads memory as fast as the best of several plain loops on all threads does.
    ///
    /// - Returns: bytes per second of a piece far larger than the caches; nil where there is no memory for it.
    func measureReadBandwidth(_ kernels: ct_kernels) -> Double? {
        ReadMeasurement(kernels, pool: self, byteCount: CPUCaches.current.farByteCount)?.best(tries: 3).1
    }
}

extension MatMulFreeCPU {
    /// Bytes per second that all threads together read from memory; nil where there is no memory to read.
    public func measureReadBandwidth() -> Double? { pool.measureReadBandwidth(kernels) }
}

extension TransformerCPU {
    /// Bytes per second that all threads together read from memory; nil where there is no memory to read.
    public func measureReadBandwidth() -> Double? { pool.measureReadBandwidth(kernels) }
}
