import CTernary

/// A hash of logits by their bits: equal for two runs only if every logit of every step was.
///
/// Eight lanes, a word at a time, so that hashing a vocabulary costs microseconds and not a token's time.
public struct LogitsHash: Sendable, Equatable, CustomStringConvertible {
    private var lanes = SIMD8<UInt32>(repeating: 0x811C_9DC5)

    /// The hash of no logits.
    public init() {}

    /// Takes in more logits: the first of each call into the first lane.
    public mutating func combine(_ logits: [Float]) {
        withUnsafeMutableBytes(of: &lanes) { lanes in
            logits.withUnsafeBufferPointer { logits in
                guard let values = logits.baseAddress else { return }
                ct_hash(lanes.assumingMemoryBound(to: UInt32.self).baseAddress!, values, logits.count)
            }
        }
    }

    /// Sixteen hexadecimal digits.
    public var description: String {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for lane in 0..<8 {
            value = (value ^ UInt64(lanes[lane])) &* 0x100_0000_01B3
            value ^= value >> 29
        }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
