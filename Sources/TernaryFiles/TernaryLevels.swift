import TernaryCore

/// The magnitudes that a group of weights has: at most one below zero and two above it.
///
/// Merging two groups keeps what is known of both, so that one pass over the finest groups decides for all that they make up.
struct TernaryLevels<Bits: FixedWidthInteger & UnsignedInteger> {
    /// The magnitude of all negative values; 0 where there are none.
    private var negative: Bits = 0
    /// The smallest and the largest positive value; 0 where there are none.
    private var low: Bits = 0
    private var high: Bits = 0
    /// False where there are more values than that.
    private(set) var areFew = true

    /// A group of zeros.
    init() {}

    /// The levels of `count` weights.
    init<Element: StoredFloat>(_ values: UnsafePointer<Bits>, _ count: Int, as: Element.Type) where Element.Bits == Bits {
        // Less one, a zero is the largest of all numbers and never the smallest magnitude.
        var (lowest, highest, negativeLowest, negativeHighest) = (Bits.max, Bits.zero, Bits.max, Bits.zero)
        for index in 0..<count {
            let bits = values[index]
            let magnitude = bits & Element.magnitude
            let below = bits > Element.magnitude ? magnitude : 0
            let above = magnitude &- below
            lowest = min(lowest, above &- 1)
            highest = max(highest, above)
            negativeLowest = min(negativeLowest, below &- 1)
            negativeHighest = max(negativeHighest, below)
        }
        (low, high, negative) = (highest == 0 ? 0 : lowest &+ 1, highest, negativeHighest)
        areFew =
            max(highest, negativeHighest) < Element.infinity && (negativeHighest == 0 || negativeLowest &+ 1 == negativeHighest)
        guard areFew, low != high else { return }
        areFew = (0..<count).allSatisfy {
            values[$0] > Element.magnitude || values[$0] == 0 || values[$0] == low || values[$0] == high
        }
    }

    /// Takes in another group's levels.
    mutating func merge(_ other: Self) {
        areFew = areFew && other.areFew && (negative == 0 || other.negative == 0 || negative == other.negative)
        negative = max(negative, other.negative)
        guard other.low != 0 else { return }
        guard low != 0 else { return (low, high) = (other.low, other.high) }
        let (lowest, highest) = (min(low, other.low), max(high, other.high))
        func known(_ value: Bits) -> Bool { value == lowest || value == highest }
        areFew = areFew && known(low) && known(high) && known(other.low) && known(other.high)
        (low, high) = (lowest, highest)
    }

    /// The value c of which all values are -c, 0, c or 2c; zero where all are 0, nil where there is none.
    func step<Element: StoredFloat>(as: Element.Type) -> Bits? where Element.Bits == Bits {
        let step = negative == 0 ? low : negative
        guard areFew, Element.widen(max(high, negative)) <= Exact.largest else { return nil }
        func fits(_ value: Bits) -> Bool { value == 0 || value == step || Element.widen(value) == 2 * Element.widen(step) }
        return fits(low) && fits(high) ? step : nil
    }

    /// Whether a value is twice the step.
    func hasDouble(of step: Bits) -> Bool { high > step }
}
