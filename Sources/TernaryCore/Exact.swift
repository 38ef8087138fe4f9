/// Canonical floating-point arithmetic: the operations of which every backend gives the same bits.
///
/// Only correctly rounded basic operations are used (add, subtract, multiply, comparison, rounding, integer
/// conversion), in a fixed order. `docs/EXACT.md` is the specification; `Shaders/shared/exact.glsl` and
/// `Sources/CTernary/include/exact.h` are the same sequences in GLSL and C.
public enum Exact {
    /// Magnitudes below this are zero to us (2^-100): products that might be denormal never reach a result.
    public static let smallest = Float(bitPattern: 0x0D80_0000)
    /// Magnitudes above this are held at it (2^50): sums of 2^27 squares stay finite.
    public static let largest = Float(bitPattern: 0x5880_0000)

    /// Brings a finite value into the range in which no later operation can meet a denormal or an infinity.
    ///
    /// Zero becomes +0; a magnitude below 2^-100 becomes +0; one above 2^50 becomes 2^50 with its sign.
    @inline(__always)
    public static func settle(_ x: Float) -> Float {
        let magnitude = abs(x)
        return magnitude < smallest ? 0 : (x < 0 ? -min(magnitude, largest) : min(magnitude, largest))
    }

    /// Brings a finite value into the range whose products need no settling: magnitudes below 2^-50 become +0, those above 2^50 are held
    /// at it. Products of two such values are 0 or at least 2^-100, and sums of products 0 or normal.
    @inline(__always)
    public static func factor(_ x: Float) -> Float {
        let magnitude = abs(x)
        return magnitude < smallestFactor ? 0 : (x < 0 ? -min(magnitude, largest) : min(magnitude, largest))
    }

    /// 2^-50.
    public static let smallestFactor = Float(bitPattern: 0x2680_0000)

    /// 1/x for x in [2^-100, 2^100], by a bit-trick start and four Newton steps; within 1 ulp.
    @inline(__always)
    public static func reciprocal(_ x: Float) -> Float {
        var y = Float(bitPattern: 0x7EF3_11C3 &- x.bitPattern)
        y = y + y * (1 - x * y)
        y = y + y * (1 - x * y)
        y = y + y * (1 - x * y)
        y = y + y * (1 - x * y)
        return y
    }

    /// 1/sqrt(x) for x in [2^-100, 2^100], by a bit-trick start and four Newton steps; within 2 ulp.
    @inline(__always)
    public static func reciprocalSquareRoot(_ x: Float) -> Float {
        let half = 0.5 * x
        var y = Float(bitPattern: 0x5F37_59DF &- (x.bitPattern >> 1))
        y = y + y * (0.5 - (half * y) * y)
        y = y + y * (0.5 - (half * y) * y)
        y = y + y * (0.5 - (half * y) * y)
        y = y + y * (0.5 - (half * y) * y)
        return y
    }

    /// e^x for x in [-69, 69] (clamped to it), by range reduction and the Cephes polynomial; within 2 ulp.
    @inline(__always)
    public static func exp(_ x: Float) -> Float {
        let x = min(max(x, -69), 69)
        let n = (x * 1.442_695_04).rounded(.toNearestOrEven)
        // n * 0.693359375 is exact: 8 bits times 9 bits.
        let r = (x - n * 0.693_359_375) - n * -2.121_944_40e-4
        var p: Float = 1.987_569_150_0e-4
        p = p * r + 1.398_199_950_7e-3
        p = p * r + 8.333_451_907_3e-3
        p = p * r + 4.166_579_589_4e-2
        p = p * r + 1.666_666_545_9e-1
        p = p * r + 5.000_000_120_1e-1
        let e = (p * (r * r) + r) + 1
        return e * Float(bitPattern: UInt32(bitPattern: Int32(n) + 127) << 23)
    }

    /// e^x for a softmax, x <= 0; 0 below -34, where a weight would be lost in any sum with 1.
    @inline(__always)
    public static func softmaxWeight(_ x: Float) -> Float { x < -34 ? 0 : exp(x) }

    /// 1/(1+e^-x); never zero: at least e^-69.
    @inline(__always)
    public static func sigmoid(_ x: Float) -> Float {
        let e = exp(-abs(x))
        let d = 1 + e  // in (1, 2]
        var y = 1.411_764_7 - 0.470_588_24 * d
        y = y + y * (1 - d * y)
        y = y + y * (1 - d * y)
        y = y + y * (1 - d * y)
        return x < 0 ? e * y : y
    }

    /// x * sigmoid(x), settled.
    @inline(__always)
    public static func silu(_ x: Float) -> Float { settle(x * sigmoid(x)) }

    /// Correctly rounded quotient of settled operands, b not zero, settled.
    ///
    /// The GPU, whose division may be off by 2.5 ulp, divides the mantissas as integers.
    @inline(__always)
    public static func divide(_ a: Float, _ b: Float) -> Float { settle(a / b) }

    /// Correctly rounded square root of a settled, non-negative value.
    @inline(__always)
    public static func squareRoot(_ x: Float) -> Float { x.squareRoot() }

    /// Where halves go: away from zero (CUDA's `roundf`), or to the even neighbour (`torch.round`).
    public enum HalfRounding: UInt32, Sendable {
        case awayFromZero = 0, toEven = 1
    }

    /// Rounds to the nearest integer within int8.
    @inline(__always)
    public static func roundToInt8(_ x: Float, _ halves: HalfRounding = .awayFromZero) -> Int8 {
        Int8(min(max(x.rounded(halves == .toEven ? .toNearestOrEven : .toNearestOrAwayFromZero), -128), 127))
    }

    /// The number of lanes over which a row is summed, on every backend.
    public static let laneCount = 256

    /// Sums `count` values in the canonical order.
    ///
    /// Value j belongs to lane (j / 4) mod 256; a lane adds its values in order of j, from zero; then a halving tree
    /// adds lane l + 128 to lane l, l + 64 to l, ... 1.
    ///
    /// - Parameter value: gives the j-th value; called once for each j, in order.
    @inline(__always)
    public static func sum(count: Int, _ value: (Int) -> Float) -> Float {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: laneCount) { lanes in
            lanes.initialize(repeating: 0)
            for j in 0..<count { lanes[(j >> 2) & (laneCount - 1)] += value(j) }
            var step = laneCount / 2
            while step > 0 {
                for lane in 0..<step { lanes[lane] += lanes[lane + step] }
                step >>= 1
            }
            return lanes[0]
        }
    }
}
