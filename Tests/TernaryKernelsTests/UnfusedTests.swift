import TernaryCore
import TernaryReference
import Testing

@testable import TernaryKernels

/// The unfused BitLinear's three dispatches, each against its own reference.
@Suite("rmsnorm, quantize, ternary_matmul", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct UnfusedTests {
    @Test("give the reference's bits, one after the other", arguments: [1, 33, 512])
    func givesTheReferencesBits(columns: Int) throws {
        let (tokens, rows) = (6, 13)
        let x = Fixture.rows(tokens, width: columns, seed: 33)
        let outer = Fixture.norm(columns, seed: 34)
        let norm = InputNorm(outer: outer, outerEpsilon: 1e-6, inner: Fixture.norm(columns, seed: 35))
        let matrix = Fixture.matrix(rows: rows, columns: columns, seed: 36)
        let traits = TestDevice.traits[0]

        let normalized = x.map { bitLinearNorm($0, norm: norm) }
        let normed = try TestDevice.run(
            RMSNorm(tokens: tokens, columns: columns, norm: RowNorm(outerEpsilon: 1e-6)),
            [
                x.padded, x.padded, [outer].padded, [norm.combined].padded, .room(tokens * paddedWidth(columns)), .room(tokens),
            ], traits: traits)
        #expect(normed[4].rows(tokens, width: columns) == normalized.map(\.weighted.bits))
        #expect(normed[5] == normalized.map(\.rootInverse.bitPattern))

        let quantized = normalized.map { quantize($0) }
        let codes = try TestDevice.run(
            Quantize(tokens: tokens, columns: columns),
            [.words(normed[4]), .words(normed[5]), .room(tokens * paddedWidth(columns) / 4), .room(tokens), .room(tokens)],
            traits: traits)
        let expectedCodes = quantized.map { row in
            row.codes + Array(repeating: 0, count: paddedWidth(columns) - columns)
        }
        let actualCodes = codes[2].flatMap { word in (0..<4).map { Int8(truncatingIfNeeded: word >> (8 * $0)) } }
        #expect(actualCodes == expectedCodes.flatMap { $0 })
        #expect(codes[3] == quantized.map(\.step.bitPattern))
        #expect(codes[4].map { Int32(bitPattern: $0) } == quantized.map { $0.codes.reduce(0) { $0 + Int32($1) } })

        for traits in TestDevice.traits {
            let product = try TestDevice.run(
                TernaryMatmul(tokens: tokens, rows: rows, columns: columns, yStride: rows, terms: .matrix(scale: matrix.scale)),
                [
                    .words(codes[2]), .words(codes[3]), .words(codes[4]), .words(Array(matrix.words)), .room(4),
                    .room(tokens * rows),
                ],
                traits: traits
            )
            #expect(product[5].rows(tokens, width: rows, stride: rows) == quantized.map { ternaryMatmul($0, matrix).bits })
        }
    }

    @Test(
        "ternary_matmul gives the reference's bits for many tokens, on matrix units and without",
        arguments: [(16, 1100, 45), (32, 33, 13), (61, 2048, 130), (70, 512, 130), (130, 80, 200), (250, 80, 250)])
    func manyTokens(tokens: Int, columns: Int, rows: Int) throws {
        let quantized = Fixture.rows(tokens, width: columns, seed: 37).map { row in
            quantize(bitLinearNorm(row, norm: InputNorm(outer: nil, outerEpsilon: 0, inner: Fixture.norm(columns, seed: 38))))
        }
        let matrix = Fixture.matrix(rows: rows, columns: columns, seed: 39)
        let expected = quantized.map { ternaryMatmul($0, matrix).bits }
        var without = TestDevice.traits[0]
        without.int8Matrices = false
        // Which of the units' tiles is taken depends on how many fill the device.
        var few = TestDevice.traits[0]
        few.processors = 1
        // A batch's takes more shared memory than the others.
        var narrow = TestDevice.traits[0]
        narrow.sharedMemoryBytes = 32 << 10
        if !TestDevice.traits[0].int8Matrices {
            print("Matrix units are not tested: \(TestDevice.shared!.description.name) has none")
        }
        for traits in [TestDevice.traits[0], few, narrow, without] {
            let product = try TestDevice.run(
                TernaryMatmul(tokens: tokens, rows: rows, columns: columns, yStride: rows, terms: .matrix(scale: matrix.scale)),
                quantized.contents + [.words(Array(matrix.words)), .room(4), .room(tokens * rows)], traits: traits)
            #expect(product[5].rows(tokens, width: rows, stride: rows) == expected)
        }
    }

    @Test(
        "every epilogue of ternary_matmul gives the bits of the op that it stands for, on matrix units and without",
        arguments: TernaryMatmul.Epilogue.allCases, [(6, 100, 37), (17, 330, 45), (40, 80, 64), (64, 1024, 122), (250, 80, 122)])
    func epilogues(epilogue: TernaryMatmul.Epilogue, shape: (tokens: Int, columns: Int, rows: Int)) throws {
        let (tokens, columns, rows) = shape
        let quantized = Fixture.rows(tokens, width: columns, seed: 60).map { row in
            quantize(bitLinearNorm(row, norm: InputNorm(outer: nil, outerEpsilon: 0, inner: Fixture.norm(columns, seed: 61))))
        }
        let matrices = (0..<2).map { Fixture.matrix(rows: rows, columns: columns, seed: 62 + $0, scale: 0.1) }
        let before = Fixture.rows(tokens, width: rows, seed: 64)
        let expected = quantized.indices.map { token in
            let products = matrices.map { ternaryMatmul(quantized[token], $0) }
            return switch epilogue {
            case .store: products[0].bits
            case .add: zip(before[token], products[0]).map(residual).bits
            case .silu: products[0].map { Exact.silu($0) }.bits
            case .sigmoid: products[0].map { Exact.sigmoid($0) }.bits
            case .glu: zip(products[0], products[1]).map { glu(gate: $0, up: $1) }.bits
            }
        }
        var without = TestDevice.traits[0]
        without.int8Matrices = false
        // Which of the units' tiles is taken depends on how many fill the device.
        var few = TestDevice.traits[0]
        few.processors = 1
        // A batch's takes more shared memory than the others.
        var narrow = TestDevice.traits[0]
        narrow.sharedMemoryBytes = 32 << 10
        for traits in [TestDevice.traits[0], few, narrow, without] {
            let results = try TestDevice.run(
                TernaryMatmul(
                    tokens: tokens, rows: rows, columns: columns, yStride: paddedWidth(rows), terms: .matrix(scale: 0.1),
                    epilogue: epilogue),
                quantized.contents + [.words(matrices.flatMap(\.words)), .room(4), before.padded], traits: traits)
            #expect(results[5].rows(tokens, width: rows) == expected)
        }
    }

    @Test("norm_quantize gives the codes of both, one or three weightings a row", arguments: [(1, 33), (3, 512), (1, 1100)])
    func normQuantize(norms: Int, columns: Int) throws {
        let (tokens, plane) = (6, 7)
        let width = paddedWidth(columns)
        let x = Fixture.rows(tokens, width: columns, seed: 43)
        let statistic = norms == 1 ? Fixture.rows(tokens, width: columns, seed: 44).reversed() : x
        let outer = Fixture.norm(columns, seed: 45)
        let weightings = (0..<norms).map {
            InputNorm(outer: outer, outerEpsilon: 1e-5, inner: Fixture.norm(columns, seed: 46 + UInt64($0)))
        }
        let results = try TestDevice.run(
            NormQuantize(
                tokens: tokens, columns: columns, norms: norms, plane: plane, norm: RowNorm(outerEpsilon: 1e-5),
                hasSeparateStatistic: norms == 1
            ),
            [
                x.padded, statistic.padded, [outer].padded, weightings.map(\.combined).padded,
                .room(norms * plane * width / 4), .room(norms * plane), .room(norms * plane),
            ], traits: TestDevice.traits[0])
        for (index, norm) in weightings.enumerated() {
            let expected = zip(x, statistic).map { quantize(bitLinearNorm($0, statistic: $1, norm: norm)) }
            let words = results[4][index * plane * width / 4..<(index * plane + tokens) * width / 4]
            let codes = words.flatMap { word in (0..<4).map { Int8(truncatingIfNeeded: word >> (8 * $0)) } }
            let padding = Array<Int8>(repeating: 0, count: width - columns)
            #expect(codes == expected.flatMap { $0.codes + padding })
            let rows = index * plane..<index * plane + tokens
            #expect(Array(results[5][rows]) == expected.map(\.step.bitPattern))
            #expect(results[6][rows].map { Int32(bitPattern: $0) } == expected.map { $0.codes.reduce(0) { $0 + Int32($1) } })
        }
    }
}
