import TernaryCore
import Testing
import VulkanCompute

@testable import TernaryKernels

/// Applies one function of the exact arithmetic to each value.
struct ExactProbe: Kernel {
    struct Params: BitwiseCopyable { var count: UInt32 }

    static let bindings = 3
    var function: Int
    var count: Int

    func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.exactProbe }
    // constant_id 0, the subgroup size, is not this shader's.
    func constants(for device: DeviceTraits) -> [UInt32] { [0, UInt32(function)] }
    var params: Params { Params(count: UInt32(count)) }
    func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) { (ceilDivide(count, 256), 1) }
}

@Suite("exact arithmetic", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct ExactTests {
    /// The edges of every function: zeros, smallest normal, denormals, the ends of the settled range, halfway cases, huge values.
    private static let edges: [UInt32] = {
        let magnitudes: [Float] = [
            0, .leastNonzeroMagnitude, .leastNormalMagnitude.nextDown, .leastNormalMagnitude, Exact.smallest.nextDown,
            Exact.smallest,
            1e-20, 1e-10, 1e-5, 0.25, 0.49999997, 0.5, 0.50000006, 0.99999994, 1, 1.0000001, 1.5, 2.5, 3, 63.5, 68.99999, 69,
            69.00001,
            88, 126.5, 127, 127.5, 128, 1e10, Exact.largest.nextDown, Exact.largest, Exact.largest.nextUp, 1e30,
            .greatestFiniteMagnitude,
        ]
        return magnitudes.flatMap { [$0.bitPattern, (-$0).bitPattern] }
    }()

    /// Edges against edges, then a million patterns spread over the settled range, signs and mantissas random.
    private static func operands(seed: UInt64) -> (x: [UInt32], y: [UInt32]) {
        var random = SplitMix64(seed: seed)
        var x: [UInt32] = []
        var y: [UInt32] = []
        for a in edges { for b in edges { x.append(a); y.append(b) } }
        func pattern() -> UInt32 {
            let bits = random.next()
            // Exponents from 2^-105 to 2^53: the settled range and a little beyond.
            return UInt32(truncatingIfNeeded: bits) & 0x807F_FFFF | (22 + UInt32(truncatingIfNeeded: bits >> 40) % 159) << 23
        }
        for _ in 0..<1_000_000 { x.append(pattern()); y.append(pattern()) }
        return (x, y)
    }

    /// Functions in the order of exact_probe.comp, with the domain that each is specified for.
    private static let functions:
        [(name: String, domain: @Sendable (Float, Float) -> Bool, value: @Sendable (Float, Float) -> UInt32)] = [
            ("settle", { _, _ in true }, { x, _ in Exact.settle(x).bitPattern }),
            ("reciprocal", { x, _ in x >= Exact.smallest && x <= 1e30 }, { x, _ in Exact.reciprocal(x).bitPattern }),
            ("rsqrt", { x, _ in x >= Exact.smallest && x <= 1e30 }, { x, _ in Exact.reciprocalSquareRoot(x).bitPattern }),
            ("exp", { _, _ in true }, { x, _ in Exact.exp(x).bitPattern }),
            ("sigmoid", { _, _ in true }, { x, _ in Exact.sigmoid(x).bitPattern }),
            ("silu", { x, _ in Exact.settle(x) == x }, { x, _ in Exact.silu(x).bitPattern }),
            (
                "divide", { x, y in Exact.settle(x) == x && Exact.settle(y) == y && y != 0 },
                { x, y in Exact.divide(Exact.settle(x), y).bitPattern }
            ),
            ("sqrt", { x, _ in Exact.settle(x) == x && x >= 0 }, { x, _ in Exact.squareRoot(Exact.settle(x)).bitPattern }),
            ("roundToInt8", { _, _ in true }, { x, _ in UInt32(bitPattern: Int32(Exact.roundToInt8(x))) }),
            (
                "product", { x, y in Exact.settle(x) == x && Exact.settle(y) == y }, { x, y in Exact.settle(x * y).bitPattern }
            ),
            ("sum", { x, y in Exact.settle(x) == x && Exact.settle(y) == y }, { x, y in Exact.settle(x + y).bitPattern }),
        ]

    @Test("CPU and Vulkan give the same bits on a million values and all edges", arguments: functions.indices)
    func sameBits(function: Int) throws {
        let (name, domain, value) = Self.functions[function]
        let (allX, allY) = Self.operands(seed: UInt64(function))
        let inside = allX.indices.filter { domain(Float(bitPattern: allX[$0]), Float(bitPattern: allY[$0])) }
        let x = inside.map { allX[$0] }
        let y = inside.map { allY[$0] }
        #expect(x.count > 100_000)
        let results = try TestDevice.run(
            ExactProbe(function: function, count: x.count), [.words(x), .words(y), .room(x.count)], traits: TestDevice.traits[0])
        let expected = zip(x, y).map { value(Float(bitPattern: $0), Float(bitPattern: $1)) }
        let wrong = x.indices.filter { results[2][$0] != expected[$0] }
        if let first = wrong.first {
            Issue.record(
                "\(name): \(wrong.count) of \(x.count) differ, first at x = \(Float(bitPattern: x[first])), y = \(Float(bitPattern: y[first])): \(Float(bitPattern: results[2][first])) for \(Float(bitPattern: expected[first]))"
            )
        }
    }
}
