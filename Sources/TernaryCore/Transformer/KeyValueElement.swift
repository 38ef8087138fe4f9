/// How keys and values are kept for later tokens. What is kept is rounded once, the same on every backend.
public enum KeyValueElement: UInt32, Sendable, CaseIterable {
    /// As they are computed.
    case float32 = 0
    /// binary16, rounded to nearest even; below 2^-14 nothing is left, so that no subnormal is met.
    case float16 = 1
    /// Bytes with a binary16 scale for every 32 values: Q8_0.
    case q8 = 2

    /// Values that share a scale.
    public static let groupSize = 32

    /// What a later token reads of `values`; their count is a multiple of 32 for `q8`.
    public func rounded(_ values: [Float]) -> [Float] {
        switch self {
        case .float32: return values.map(Exact.factor)
        case .float16: return values.map(Self.half)
        case .q8:
            return stride(from: 0, to: values.count, by: Self.groupSize).flatMap { first -> [Float] in
                let group = values[first..<min(first + Self.groupSize, values.count)]
                let (scale, inverse) = Self.scale(largest: group.reduce(0) { max($0, abs($1)) })
                return group.map { Float(Exact.roundToInt8($0 * inverse)) * scale }
            }
        }
    }

    /// What a code stands for, and codes a unit, of a group whose largest magnitude is `largest`.
    public static func scale(largest: Float) -> (scale: Float, inverse: Float) {
        let scale = half(largest * (1 / 127))
        return (scale, scale > 0 ? Exact.reciprocal(scale) : 0)
    }

    /// The nearest binary16 value, ties to even, as a Float: 0 below 2^-14, 65504 at most.
    @inline(__always)
    public static func half(_ x: Float) -> Float {
        let magnitude = x.bitPattern & 0x7FFF_FFFF
        if magnitude < 0x3880_0000 { return 0 }  // 2^-14
        let rounded = min((magnitude + 0xFFF + (magnitude >> 13 & 1)) & ~0x1FFF, 0x477F_E000)
        return Float(bitPattern: x.bitPattern & 0x8000_0000 | rounded)
    }
}
