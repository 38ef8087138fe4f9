import TernaryCore

/// A stored type whose magnitudes order as their bits do.
protocol StoredFloat {
    associatedtype Bits: FixedWidthInteger & UnsignedInteger
    /// All bits but the sign.
    static var magnitude: Bits { get }
    /// Bits of infinity; NaNs are above it.
    static var infinity: Bits { get }
    /// The exact value of a finite magnitude.
    static func widen(_ magnitude: Bits) -> Float
    /// The smallest magnitude whose value is at least this; may be that of infinity.
    static func firstMagnitude(atLeast value: Float) -> Bits
}

/// IEEE binary32.
enum Binary32: StoredFloat {
    static var magnitude: UInt32 { 0x7FFF_FFFF }
    static var infinity: UInt32 { 0x7F80_0000 }
    @inline(__always) static func widen(_ magnitude: UInt32) -> Float { Float(bitPattern: magnitude) }
    static func firstMagnitude(atLeast value: Float) -> UInt32 { value.bitPattern }
}

/// The high half of a binary32.
enum BFloat16: StoredFloat {
    static var magnitude: UInt16 { 0x7FFF }
    static var infinity: UInt16 { 0x7F80 }
    @inline(__always) static func widen(_ magnitude: UInt16) -> Float { Float(bitPattern: UInt32(magnitude) << 16) }
    static func firstMagnitude(atLeast value: Float) -> UInt16 { UInt16((value.bitPattern + 0xFFFF) >> 16) }

    /// The nearest value of this type, halves to even; finite magnitudes up to `Exact.largest` only.
    static func round(_ value: Float) -> Float {
        let bits = value.bitPattern
        return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
    }
}

/// IEEE binary16.
enum Binary16: StoredFloat {
    static var magnitude: UInt16 { 0x7FFF }
    static var infinity: UInt16 { 0x7C00 }
    // The exponent's bias differs by 112; the product is exact, for subnormal halves too.
    @inline(__always) static func widen(_ magnitude: UInt16) -> Float {
        Float(bitPattern: UInt32(magnitude) << 13) * Float(bitPattern: 0x7780_0000)
    }
    static func firstMagnitude(atLeast value: Float) -> UInt16 {
        var low: UInt16 = 0
        var high = infinity
        while low < high {
            let middle = (low + high) / 2
            if widen(middle) >= value { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
