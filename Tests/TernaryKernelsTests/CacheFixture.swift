import TernaryCore

@testable import TernaryKernels

/// A layer's cache of several sequences as words, and back.
struct CacheFixture {
    let shape: AttentionShape
    /// Most pages of a sequence.
    let mostPages: Int
    /// Page numbers, `(sequences, mostPages)`, scattered.
    let pages: [UInt32]
    /// The cache; what was never written is NaN, whatever the element.
    var words: [UInt32]

    init(_ shape: AttentionShape, sequences: Int, mostPages: Int) {
        self.shape = shape
        self.mostPages = mostPages
        let count = sequences * mostPages
        // Page 0 is nobody's, and neighbours in a text are none in memory.
        pages = (0..<count).map { UInt32(count - $0) }
        words = Array(repeating: 0xFFFF_FFFF, count: (count + 1) * shape.pageByteCount / 4)
    }

    private func place(_ sequence: Int, _ position: Int) -> (page: Int, slot: Int) {
        (
            Int(pages[sequence * mostPages + position / AttentionShape.pageTokens]) * shape.pageByteCount,
            position % AttentionShape.pageTokens
        )
    }

    /// Keeps `(G * d)` values that are rounded already.
    mutating func keep(_ values: [Float], isValue: Bool, sequence: Int, position: Int) {
        let (page, slot) = place(sequence, position)
        for head in 0..<shape.keyValueHeads {
            let own = values[head * shape.headSize..<(head + 1) * shape.headSize]
            let row = ((isValue ? shape.keyValueHeads : 0) + head) * AttentionShape.pageTokens + slot
            let padded = own + Array(repeating: 0, count: shape.paddedHeadSize - shape.headSize)
            let first = row * shape.paddedHeadSize
            switch shape.cache {
            case .float32: for (j, x) in padded.enumerated() { words[page / 4 + first + j] = x.bitPattern }
            case .float16:
                for (j, x) in padded.enumerated() { setBits(page + (first + j) * 2, Self.half(x), width: 16) }
            case .q8:
                for start in stride(from: 0, to: shape.headSize, by: 32) {
                    let group = padded[(padded.startIndex + start)...].prefix(32)
                    let (scale, inverse) = KeyValueElement.scale(largest: group.reduce(0) { max($0, abs($1)) })
                    for (j, x) in group.enumerated() {
                        let code = UInt8(bitPattern: Exact.roundToInt8(x * inverse))
                        setBits(page + first + start + j, UInt32(code), width: 8)
                    }
                    words[scalePlace(page, first + start)] = scale.bitPattern
                }
            }
        }
    }

    /// What `words`, a cache that a kernel has written, holds: `(G * d)`.
    func kept(in words: [UInt32], isValue: Bool, sequence: Int, position: Int) -> [Float] {
        let (page, slot) = place(sequence, position)
        return (0..<shape.keyValueHeads).flatMap { head -> [Float] in
            let row = ((isValue ? shape.keyValueHeads : 0) + head) * AttentionShape.pageTokens + slot
            let first = row * shape.paddedHeadSize
            return (0..<shape.headSize).map { j in
                switch shape.cache {
                case .float32: return Float(bitPattern: words[page / 4 + first + j])
                case .float16:
                    let at = page + (first + j) * 2
                    return HalfFloat.float(UInt16(truncatingIfNeeded: words[at / 4] >> UInt32(at % 4 * 8)))
                case .q8:
                    let at = page + first + j
                    let code = Int8(truncatingIfNeeded: words[at / 4] >> UInt32(at % 4 * 8))
                    return Float(code) * Float(bitPattern: words[scalePlace(page, first + j)])
                }
            }
        }
    }

    private func scalePlace(_ page: Int, _ value: Int) -> Int {
        (page + 2 * shape.keyValueHeads * AttentionShape.pageTokens * shape.headSize) / 4 + value / 32
    }

    private mutating func setBits(_ byte: Int, _ bits: UInt32, width: UInt32) {
        let shift = UInt32(byte % 4 * 8)
        words[byte / 4] = words[byte / 4] & ~((1 << width - 1) << shift) | bits << shift
    }

    /// Bits of a value that is a binary16 one.
    private static func half(_ x: Float) -> UInt32 {
        let bits = x.bitPattern
        return bits << 1 == 0 ? 0 : (bits >> 16 & 0x8000) | ((bits & 0x7FFF_FFFF) - 0x3800_0000) >> 13
    }
}

extension TransformerConfiguration {
    /// Heads of a size, and nothing else that matters.
    static func heads(_ heads: Int, _ keyValueHeads: Int, _ size: Int) -> TransformerConfiguration {
        TransformerConfiguration(
            vocabularySize: 8, hiddenSize: heads * size, intermediateSize: 16, layerCount: 1, headCount: heads,
            keyValueHeadCount: keyValueHeads, headSize: size, normEpsilon: 1e-5, rotation: RotaryEmbedding(theta: 10000),
            activation: .silu)
    }
}
