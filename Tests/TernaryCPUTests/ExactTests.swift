import CTernary
import TernaryCore
import Testing

/// The C functions against their Swift originals.
@Suite("exact arithmetic in C")
struct ExactTests {
    /// Zeros, the ends of the settled range and of the normal one, denormals, huge values, and halfway cases.
    static let edges: [Float] =
        [
            0, 0x1p-126, 0x1p-149, Float(bitPattern: 0x007F_FFFF), 0x1p-100, 0x1.fffffep-101, 0x1p50, 0x1.000002p50, 0x1p100,
            3.4028235e38,
            0.5, 0.49999997, 0.50000006, 1, 1.5, 2.5, 126.5, 127.49999, 127.5, 128, 128.5, 69, 69.00001, 0.34657359, 8388609,
            1e-5,
        ].flatMap { [$0, -$0] }

    /// Finite values over the whole range of bit patterns, and the edges.
    static func sample(_ seed: UInt64, count: Int) -> [Float] {
        var generator = SeededGenerator(seed)
        return edges
            + (0..<count).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())) }.filter(\.isFinite)
    }

    /// The first input for which two functions give different bits.
    static func firstDifference(_ inputs: [Float], _ c: (Float) -> Float, _ swift: (Float) -> Float) -> Float? {
        inputs.first { c($0).bitPattern != swift($0).bitPattern }
    }

    @Test("settle, rounding and exp-based functions agree over all finite values", arguments: 0..<4)
    func wholeRange(seed: Int) {
        let inputs = Self.sample(UInt64(seed), count: 250_000)
        #expect(Self.firstDifference(inputs, exact_settle, { Exact.settle($0) }) == nil)
        #expect(Self.firstDifference(inputs, exact_factor, { Exact.factor($0) }) == nil)
        #expect(Self.firstDifference(inputs, { exact_half_value(exact_half_bits($0)) }, KeyValueElement.half) == nil)
        #expect(Self.firstDifference(inputs.filter { $0 <= 0 }, exact_softmax_weight, { Exact.softmaxWeight($0) }) == nil)
        #expect(Self.firstDifference(inputs, exact_exp, { Exact.exp($0) }) == nil)
        #expect(Self.firstDifference(inputs, exact_sigmoid, { Exact.sigmoid($0) }) == nil)
        #expect(Self.firstDifference(inputs, exact_silu, { Exact.silu($0) }) == nil)
        #expect(inputs.first { exact_round_to_int8($0) != Int32(Exact.roundToInt8($0)) } == nil)
        #expect(inputs.first { exact_round_to_int8_even($0) != Int32(Exact.roundToInt8($0, .toEven)) } == nil)
    }

    @Test("the interesting range of exp and of rounding, densely", arguments: 0..<4)
    func denseRange(seed: Int) {
        var generator = SeededGenerator(100 + UInt64(seed))
        let inputs = (0..<250_000).map { _ in Float.random(in: -130...130, using: &generator) }
        #expect(Self.firstDifference(inputs, exact_exp, { Exact.exp($0) }) == nil)
        #expect(Self.firstDifference(inputs, exact_silu, { Exact.silu($0) }) == nil)
        #expect(inputs.first { exact_round_to_int8($0) != Int32(Exact.roundToInt8($0)) } == nil)
        #expect(inputs.first { exact_round_to_int8_even($0) != Int32(Exact.roundToInt8($0, .toEven)) } == nil)
        let negative = inputs.map { -abs($0) }
        #expect(Self.firstDifference(negative, exact_softmax_weight, { Exact.softmaxWeight($0) }) == nil)
        #expect(Self.firstDifference(inputs, { exact_half_value(exact_half_bits($0)) }, KeyValueElement.half) == nil)
        let halves = (-512...512).map { Float($0) / 4 }.flatMap { [$0.nextDown, $0, $0.nextUp] }
        #expect(halves.first { exact_round_to_int8($0) != Int32(Exact.roundToInt8($0)) } == nil)
        #expect(halves.first { exact_round_to_int8_even($0) != Int32(Exact.roundToInt8($0, .toEven)) } == nil)
    }

    @Test("reciprocals, roots and quotients agree over their domain", arguments: 0..<4)
    func positive(seed: Int) {
        let inputs = Self.sample(200 + UInt64(seed), count: 250_000).map(abs).filter { $0 >= 0x1p-100 && $0 <= 0x1p100 }
        #expect(inputs.count > 100_000)
        #expect(Self.firstDifference(inputs, exact_reciprocal, { Exact.reciprocal($0) }) == nil)
        #expect(
            Self.firstDifference(inputs, exact_reciprocal_square_root, { Exact.reciprocalSquareRoot($0) }) == nil)
        #expect(Self.firstDifference(inputs, exact_square_root, { Exact.squareRoot($0) }) == nil)
        let settled = inputs.map { Exact.settle($0) }
        for (a, b) in zip(settled, settled.reversed()) where exact_divide(a, b).bitPattern != Exact.divide(a, b).bitPattern {
            Issue.record("\(a) / \(b)")
        }
    }
}
