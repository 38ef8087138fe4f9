/// IEEE binary16 by bit patterns: `Float16` is not available on every platform that Swift runs on.
public enum HalfFloat {
    /// The exact value of a binary16 bit pattern.
    public static func float(_ bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1F
        let fraction = UInt32(bits & 0x3FF)
        switch exponent {
        case 0:  // zero or subnormal: fraction * 2^-24
            let magnitude = Float(fraction) * Float(bitPattern: 0x3380_0000)
            return Float(bitPattern: magnitude.bitPattern | sign)
        case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }

    /// The bit pattern of a value that binary16 holds exactly; nil for any other.
    public static func exactBits(_ value: Float) -> UInt16? {
        let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
        let magnitude = abs(value)
        if magnitude == 0 { return sign }
        guard magnitude <= 65504 else { return nil }
        let exponent = Int(magnitude.bitPattern >> 23) - 127
        let bits: UInt16
        if exponent >= -14 {
            bits = UInt16((exponent + 15) << 10) | UInt16(truncatingIfNeeded: (magnitude.bitPattern >> 13) & 0x3FF)
        } else {
            let scaled = magnitude * 16_777_216  // 2^24: exact, a power of two
            guard scaled == scaled.rounded(.down) else { return nil }
            bits = UInt16(scaled)
        }
        return float(bits | sign) == value ? bits | sign : nil
    }
}
