/// The SplitMix64 generator (Steele, Lea, Flood 2014): small, seedable, the same everywhere.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A sequence; every seed has its own.
    public init(seed: UInt64) { state = seed }

    /// The same sequence from its `count`-th number on.
    public func advanced(by count: Int) -> SplitMix64 {
        SplitMix64(seed: state &+ UInt64(truncatingIfNeeded: count) &* Self.step)
    }

    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= Self.step
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
