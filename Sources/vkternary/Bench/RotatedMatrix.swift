import TernaryCore
import VulkanCompute

/// Ternary matrices of random weights, one behind the other, several times on a device: who uses one copy after the other finds none in
/// a cache.
struct RotatedMatrix {
    let columns: Int
    /// Of each matrix.
    let rows: Int
    /// All of them as one, each padded to whole tiles.
    private let stack: TernaryMatrix
    let copies: [Buffer]

    /// All copies together: more than twice the largest cache there is, 256 MB.
    static let byteCount = 640 << 20
    /// Copies of a small matrix; what stands in the caches before a measurement is driven out of them besides.
    private static let mostCopies = 256

    init(columns: Int, rows: Int, matrices: Int = 1, on device: Device) throws {
        (self.columns, self.rows) = (columns, rows)
        var random = SplitMix64(seed: 1)
        let stack = TernaryMatrix(
            rows: matrices * TernaryMatrix.padded(rows, to: 4), columns: columns, scale: Self.scale
        ) { (words: UnsafeMutableBufferPointer<UInt32>) in
            for index in words.indices {
                // Two bits at random, 3 made 1: codes 0, 1 and 2.
                let bits = UInt32(truncatingIfNeeded: random.next())
                let threes = bits & (bits >> 1) & 0x5555_5555
                words[index] = bits & ~(threes << 1)
            }
        }
        self.stack = stack
        let description = device.description
        let wanted = description.kind == .software ? 0 : min(Self.byteCount, description.deviceLocalBytes / 4)
        let first = try device.makeBuffer(byteCount: stack.byteCount, memory: .device, label: "weights")
        try stack.words.withUnsafeBytes { try device.upload($0, to: first) }
        let others = try (1..<min(Self.mostCopies, max(2, wanted / stack.byteCount))).map { _ in
            try Interrupt.check()
            return try device.makeBuffer(byteCount: stack.byteCount, memory: .device, label: "weights")
        }
        let copying = try device.record(label: "copies of weights") { recorder in
            for other in others { recorder.copy(from: BufferSlice(first), to: BufferSlice(other)) }
        }
        try device.run(copying)
        copies = [first] + others
    }

    static let scale: Float = 0.02

    /// Bytes of one copy.
    var byteCount: Int { stack.byteCount }

    /// What a copy holds.
    var words: PackedStorage<UInt32> { stack.words }

    /// One of the matrices, for the reference.
    func matrix(_ index: Int) -> TernaryMatrix {
        let count = TernaryMatrix.byteCount(rows: rows, columns: columns) / 4
        return TernaryMatrix(
            rows: rows, columns: columns, scale: Self.scale, words: stack.words.part(index * count..<(index + 1) * count))
    }
}
