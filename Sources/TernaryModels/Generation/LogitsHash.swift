/// A hash of logits by their bits (FNV-1a, 64 bit): equal for two runs only if every logit of every step was.
public struct LogitsHash: Sendable, Equatable, CustomStringConvertible {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325

    public init() {}

    /// Takes in more logits.
    public mutating func combine(_ logits: some Sequence<Float>) {
        for logit in logits {
            var bits = logit.bitPattern
            for _ in 0..<4 {
                value = (value ^ UInt64(bits & 0xFF)) &* 0x100_0000_01B3
                bits >>= 8
            }
        }
    }

    /// Sixteen hexadecimal digits.
    public var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
