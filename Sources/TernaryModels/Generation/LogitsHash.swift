/// A hash of logits by their bits: equal for two runs only if every logit of every step was.
///
/// Eight lanes of 32-bit FNV-1a, a word at a time, so that hashing a vocabulary costs microseconds and not a token's time.
public struct LogitsHash: Sendable, Equatable, CustomStringConvertible {
    private var lanes = SIMD8<UInt32>(repeating: 0x811C_9DC5)

    public init() {}

    /// Takes in more logits; where they are cut into calls makes no difference as long as each but the last is a multiple of 8.
    public mutating func combine(_ logits: [Float]) {
        logits.withUnsafeBufferPointer { logits in
            var lanes = lanes
            let whole = logits.count & ~7
            for index in stride(from: 0, to: whole, by: 8) {
                let bits = UnsafeRawPointer(logits.baseAddress! + index).loadUnaligned(as: SIMD8<UInt32>.self)
                lanes = (lanes ^ bits) &* 0x0100_0193
            }
            for index in whole..<logits.count {
                lanes[index & 7] = (lanes[index & 7] ^ logits[index].bitPattern) &* 0x0100_0193
            }
            self.lanes = lanes
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
