import Testing

@testable import TernaryCore
@testable import TernaryFiles

@Suite("ternarising")
struct TernarizerTests {
    static func ternarize(_ values: [Float], rows: Int, _ type: String = "F32", parts: Int = 1) throws -> [TernaryMatrix] {
        let bytes = TinyTensor("w", [values.count], values, type: type).bytes
        let element: FloatElement = type == "F16" ? .float16 : type == "BF16" ? .bfloat16 : .float32
        return try bytes.withUnsafeBytes {
            try Ternarizer.ternarize($0, element, rows: rows, columns: values.count / rows, parts: parts)
        }
    }

    static func trits(_ matrix: TernaryMatrix) -> [Int8] {
        (0..<matrix.rows).flatMap { row in (0..<matrix.columns).map { matrix[row, $0] } }
    }

    @Test("a weight of exactly half the scale becomes 0, the next larger one 1", arguments: ["F32", "F16", "BF16"])
    func ties(type: String) throws {
        // mean |W| = 4.5 / 4.5 ... : 1, -1, 0.5, -0.5, 2 and 1 have the mean 1.
        let matrix = try Self.ternarize([1, -1, 0.5, -0.5, 2, 1], rows: 2, type)[0]
        #expect(matrix.scale == 1)
        #expect(Self.trits(matrix) == [1, -1, 0, 0, 1, 1])
        let step: Float = type == "F32" ? 0x1p-24 : type == "F16" ? 0x1p-11 : 0x1p-8
        #expect(Self.trits(try Self.ternarize([0.5 + step, -0.5 - step, 1, 2 - 2 * step], rows: 1, type)[0]) == [1, -1, 1, 1])
    }

    @Test("follows the rule literally", arguments: ["F32", "F16", "BF16"], [(1, 1), (3, 5), (8, 33), (70, 130)])
    func rule(type: String, shape: (rows: Int, columns: Int)) throws {
        var random = SplitMix64(seed: 9)
        let values = (0..<shape.rows * shape.columns).map { _ in Float(Int(random.next() % 255) - 127) / 32 }
        let matrix = try Self.ternarize(values, rows: shape.rows, type)[0]
        // Multiples of 1/32: the sum is exact in any order.
        let scale = max(Float(values.reduce(0.0) { $0 + Double(abs($1)) } / Double(values.count)), 1e-5)
        #expect(matrix.scale == scale)
        #expect(Self.trits(matrix) == values.map { Int8(max(-1, min(1, ($0 * (1 / scale)).rounded(.toNearestOrEven)))) })
    }

    @Test("the magnitude it compares with is where the rule starts to give 1")
    func threshold() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<20_000 {
            let scale = Float(0x1p-16) * Float(random.unit()) * Float(1 << (random.next() % 30)) + 1e-5
            let first = Ternarizer.threshold(scale)
            #expect((first * (1 / scale)).rounded(.toNearestOrEven) == 1)
            #expect((first.nextDown * (1 / scale)).rounded(.toNearestOrEven) == 0)
        }
    }

    @Test("zeros have the smallest scale", arguments: ["F32", "F16", "BF16"])
    func zeros(type: String) throws {
        let matrix = try Self.ternarize([0, -0.0, 0, 0], rows: 2, type)[0]
        #expect(matrix.scale == 1e-5)
        #expect(Self.trits(matrix) == [0, 0, 0, 0])
    }

    @Test("a ternary matrix keeps its trits and its scale", arguments: ["F32", "F16", "BF16"], [0.25, 1, 0x1p-20] as [Float])
    func alreadyTernary(type: String, value: Float) throws {
        let matrix = try Self.ternarize([value, 0, 0, 0, -value, 0, -0.0, 0], rows: 2, type)[0]
        #expect(matrix.scale == value)
        #expect(Self.trits(matrix) == [1, 0, 0, 0, -1, 0, 0, 0])
    }

    @Test("three values of two magnitudes are latent weights")
    func threeLatentValues() throws {
        let matrix = try Self.ternarize([1, -1, 0.25, 0.25, 0.25, 0.25], rows: 2)[0]
        #expect(matrix.scale == 0.5)
        #expect(Self.trits(matrix) == [1, -1, 0, 0, 0, 0])
    }

    @Test("halves share the scale of the whole")
    func halves() throws {
        let halves = try Self.ternarize([1, 1, 1, 3, 3, 3], rows: 2, parts: 2)
        #expect(halves.map(\.scale) == [2, 2])
        #expect(halves.map(Self.trits) == [[0, 0, 0], [1, 1, 1]])
    }

    @Test(
        "says which element is not finite", arguments: ["F32", "BF16"],
        [Float.infinity, -.infinity, .nan, -.nan])
    func notFinite(type: String, value: Float) {
        var values = [Float](repeating: 1, count: 12)
        values[7] = value
        #expect(throws: Ternarizer.Failure.notFinite(index: 7)) { try Self.ternarize(values, rows: 3, type) }
    }

    @Test("half-precision infinities and NaNs are not finite", arguments: [0x7C00, 0xFC00, 0x7C01, 0xFFFF] as [UInt16])
    func notFiniteHalf(bits: UInt16) {
        var bytes = [UInt8](repeating: 0, count: 10)
        bytes.append(integer: bits)
        #expect(throws: Ternarizer.Failure.notFinite(index: 5)) {
            try bytes.withUnsafeBytes { try Ternarizer.ternarize($0, .float16, rows: 2, columns: 3) }
        }
    }

    @Test("refuses scales beyond the range of exact arithmetic")
    func tooLarge() {
        #expect(throws: Ternarizer.Failure.scaleTooLarge(0x1p60)) { try Self.ternarize([0x1p60, 0], rows: 1) }
        #expect(throws: Ternarizer.Failure.self) { try Self.ternarize([3e38, 1e38], rows: 1) }
    }
}
