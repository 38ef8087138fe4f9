import TernaryCore
import TernaryKernels
import VulkanCompute

/// Reads one layer's keys and values back from a device, as later tokens read them.
struct CachedRows {
    private let shape: AttentionShape
    private let cache: Buffer
    private let device: Device

    init(_ shape: AttentionShape, cache: Buffer, device: Device) {
        (self.shape, self.cache, self.device) = (shape, cache, device)
    }

    /// Keys of all tokens and then values, `(2, tokens, G * d)`.
    ///
    /// - Parameter pages: the first of the sequence's.
    func read(tokens: Int, pages: Int) throws -> [Float] {
        guard tokens > 0 else { return [] }
        let each = AttentionShape.pageTokens
        let bytes = try (0..<(tokens + each - 1) / each).map { page in
            try device.download(
                UInt8.self, count: shape.pageByteCount, from: cache, offset: (pages + page) * shape.pageByteCount)
        }
        return (0..<2).flatMap { plane in
            (0..<tokens).flatMap { token in
                (0..<shape.keyValueHeads).flatMap { head in
                    (0..<shape.headSize).map { index in
                        let row = (plane * shape.keyValueHeads + head) * each + token % each
                        return value(row * shape.paddedHeadSize + index, in: bytes[token / each])
                    }
                }
            }
        }
    }

    private func value(_ index: Int, in page: [UInt8]) -> Float {
        page.withUnsafeBytes { raw in
            switch shape.cache {
            case .float32: return raw.load(fromByteOffset: 4 * index, as: Float.self)
            case .float16: return HalfFloat.float(raw.load(fromByteOffset: 2 * index, as: UInt16.self))
            case .q8:
                let codes = 2 * shape.keyValueHeads * AttentionShape.pageTokens * shape.paddedHeadSize
                let scale = raw.load(fromByteOffset: codes + 4 * (index / KeyValueElement.groupSize), as: Float.self)
                return Float(raw.load(fromByteOffset: index, as: Int8.self)) * scale
            }
        }
    }
}
