import TernaryCore
import TernaryReference
import Testing

@testable import TernaryKernels

@Suite("glu, residual, embedding", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct GLUTests {
    @Test("the fused channel mixer gives the reference's bits", arguments: [(64, 128), (100, 37)], [1, 6])
    func fused(shape: (columns: Int, channels: Int), tokens: Int) throws {
        let x = Fixture.rows(tokens, width: shape.columns, seed: 61)
        let outer = Fixture.norm(shape.columns, seed: 62)
        let norm = InputNorm(outer: outer, outerEpsilon: 1e-6, inner: Fixture.norm(shape.columns, seed: 63))
        let gate = Fixture.matrix(rows: shape.channels, columns: shape.columns, seed: 64, scale: 0.1)
        let up = Fixture.matrix(rows: shape.channels, columns: shape.columns, seed: 65, scale: 0.1)
        let expected = x.map { row in
            zip(bitLinear(row, norm: norm, gate), bitLinear(row, norm: norm, up)).map { glu(gate: $0, up: $1) }.bits
        }
        for traits in TestDevice.traits {
            let results = try TestDevice.run(
                GLUFused(
                    tokens: tokens, channels: shape.channels, columns: shape.columns, terms: .matrix(scale: 0.1),
                    norm: RowNorm(outerEpsilon: 1e-6)),
                [
                    x.padded, [outer].padded, [norm.combined].padded, .words(Array(gate.words) + Array(up.words)), .room(4),
                    .room(tokens * paddedWidth(shape.channels)),
                ], traits: traits)
            #expect(results[5].rows(tokens, width: shape.channels) == expected)
        }
    }

    @Test("element-wise ops give the reference's bits")
    func elementwise() throws {
        let a = Fixture.rows(6, width: 300, seed: 66).flatMap { $0 }
        let b = Fixture.rows(6, width: 300, seed: 67).flatMap { $0 }
        let traits = TestDevice.traits[0]
        let product = try TestDevice.run(GLU(count: a.count), [.floats(a), .floats(b), .room(a.count)], traits: traits)
        #expect(product[2] == zip(a, b).map { glu(gate: $0, up: $1) }.bits)
        let squared = try TestDevice.run(
            GLU(count: a.count, activation: .squaredReLU), [.floats(a), .floats(b), .room(a.count)], traits: traits)
        #expect(squared[2] == zip(a, b).map { glu(gate: $0, up: $1, .squaredReLU) }.bits)
        let sum = try TestDevice.run(Residual(count: a.count), [.floats(a), .floats(b)], traits: traits)
        #expect(sum[0] == zip(a, b).map(residual).bits)
    }

    @Test("the embedding widens every kind of element exactly, subnormal halves too", arguments: [0, 1, 2] as [UInt32])
    func embedding(element: UInt32) throws {
        let element = EmbeddingTable.Element(rawValue: element)!
        let (rows, columns) = (24, 22)
        var random = SplitMix64(seed: 68)
        var bytes: [UInt8] = []
        for _ in 0..<rows * columns {
            switch element {
            case .float32: withUnsafeBytes(of: Float(random.unit() - 0.5)) { bytes += $0 }
            // All finite halves; bfloat16 below 2^127.
            case .float16: withUnsafeBytes(of: UInt16(truncatingIfNeeded: random.next()) & 0xBBFF) { bytes += $0 }
            case .bfloat16: withUnsafeBytes(of: UInt16(truncatingIfNeeded: random.next()) & 0xBFFF) { bytes += $0 }
            }
        }
        let table = EmbeddingTable(rows: rows, columns: columns, element: element, bytes: bytes)
        let tokens = [5, 0, 23, 5, 11]
        // Two parts, as where a table is larger than a storage range: each leaves the other's tokens alone.
        let split = 12
        var x = TestDevice.Content.room(tokens.count * paddedWidth(columns))
        for part in [0..<split, split..<rows] {
            let slice = bytes[part.lowerBound * columns * element.byteCount..<part.upperBound * columns * element.byteCount]
            let words = stride(from: 0, to: slice.count, by: 4).map { at in
                (0..<4).reduce(UInt32(0)) { $0 | UInt32(slice[slice.startIndex + at + $1]) << (8 * $1) }
            }
            let results = try TestDevice.run(
                Embedding(tokens: tokens.count, columns: columns, element: element, rows: part),
                [.words(tokens.map { UInt32($0) }), .words(words), x], traits: TestDevice.traits[0])
            x = .words(results[2])
        }
        guard case .words(let words) = x else { return }
        #expect(words.rows(tokens.count, width: columns) == tokens.map { table.row($0).bits })
    }
}
