import TernaryCore
import VulkanCompute

/// A ternary matrix of random weights, several times on a device: who uses one copy after the other finds none in a cache.
struct RotatedMatrix {
    let shape: MatrixShape
    let matrix: TernaryMatrix
    let copies: [Buffer]

    /// All copies together: more than twice the largest cache there is, 256 MB.
    private static let byteCount = 640 << 20

    init(_ shape: MatrixShape, on device: Device) throws {
        self.shape = shape
        var random = SplitMix64(seed: 1)
        var matrix = TernaryMatrix(rows: shape.rows, columns: shape.columns, scale: 0.02)
        for index in matrix.words.indices {
            // Two bits at random, 3 made 1: codes 0, 1 and 2.
            let bits = UInt32(truncatingIfNeeded: random.next())
            let threes = bits & (bits >> 1) & 0x5555_5555
            matrix.words[index] = bits & ~(threes << 1)
        }
        self.matrix = matrix
        let description = device.description
        let wanted = description.kind == .software ? 0 : min(Self.byteCount, description.deviceLocalBytes / 4)
        copies = try (0..<max(2, wanted / matrix.byteCount)).map { _ in
            try Interrupt.check()
            let buffer = try device.makeBuffer(byteCount: matrix.byteCount, memory: .device, label: "weights")
            try matrix.words.withUnsafeBytes { try device.upload($0, to: buffer) }
            return buffer
        }
    }
}
