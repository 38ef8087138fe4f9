import TernaryCore
import TernaryReference
import Testing

@testable import TernaryKernels

/// Dispatches that make rows and quantise them at once, against the references of what they join.
@Suite("row quantisers", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct RowQuantizeTests {
    private static let tokens = 6

    /// Room for codes, steps and sums of several planes.
    private func room(_ norms: Int, plane: Int, columns: Int) -> [TestDevice.Content] {
        [.room(norms * plane * paddedWidth(columns) / 4), .room(norms * plane), .room(norms * plane)]
    }

    private func check(
        _ results: ArraySlice<[UInt32]>, _ expected: [QuantizedRow], plane: Int, of norm: Int = 0, columns: Int
    ) {
        let (codes, steps, sums) = (results[results.startIndex], results[results.startIndex + 1], results[results.startIndex + 2])
        let width = paddedWidth(columns)
        let words = codes[norm * plane * width / 4..<(norm * plane + expected.count) * width / 4]
        let padding = Array<Int8>(repeating: 0, count: width - columns)
        #expect(
            words.flatMap { word in (0..<4).map { Int8(truncatingIfNeeded: word >> (8 * $0)) } }
                == expected.flatMap { $0.codes + padding })
        let rows = norm * plane..<norm * plane + expected.count
        #expect(Array(steps[rows]) == expected.map(\.step.bitPattern))
        #expect(sums[rows].map { Int32(bitPattern: $0) } == expected.map { $0.codes.reduce(0) { $0 + Int32($1) } })
    }

    @Test(
        "a row passes no norm, one or two with epsilons of their own, and halves go away from zero or to even",
        arguments: [0, 1, 2], [Exact.HalfRounding.awayFromZero, .toEven])
    func chains(norms: Int, rounding: Exact.HalfRounding) throws {
        for columns in [33, 1100] {
            let chain = Fixture.chain(norms, width: columns)
            let x = Fixture.rows(Self.tokens, width: columns, seed: 71) + [Fixture.ties(width: columns, behind: chain)]
            let tokens = x.count
            let normalized = x.map { bitLinearNorm($0, chain: chain) }
            let expected = normalized.map { quantize($0, rounding: rounding) }
            let others = normalized.map { quantize($0, rounding: rounding == .toEven ? .awayFromZero : .toEven) }
            #expect(zip(expected[tokens - 1].codes, others[tokens - 1].codes).filter { $0 != $1 }.count > columns / 4)

            let traits = TestDevice.traits[0]
            let norm = RowNorm(chain: chain, rounding: rounding)
            let buffers = [x.padded, x.padded] + chain.weights
            let fused = try TestDevice.run(
                NormQuantize(tokens: tokens, columns: columns, norms: 1, plane: tokens, norm: norm),
                buffers + room(1, plane: tokens, columns: columns), traits: traits)
            check(fused[4...], expected, plane: tokens, columns: columns)

            let normed = try TestDevice.run(
                RMSNorm(tokens: tokens, columns: columns, norm: norm),
                buffers + [.room(tokens * paddedWidth(columns)), .room(tokens)], traits: traits)
            #expect(normed[4].rows(tokens, width: columns) == normalized.map(\.weighted.bits))
            #expect(normed[5] == normalized.map(\.rootInverse.bitPattern))
            let codes = try TestDevice.run(
                Quantize(tokens: tokens, columns: columns, rounding: rounding),
                [.words(normed[4]), .words(normed[5])] + room(1, plane: tokens, columns: columns), traits: traits)
            check(codes[2...], expected, plane: tokens, columns: columns)
        }
    }

    // Fewer vectors than a work group has invocations; more, ending inside a round.
    @Test("glu_quantize gives the codes of the product", arguments: [33, 1100])
    func glu(columns: Int) throws {
        let gate = Fixture.rows(Self.tokens, width: columns, seed: 91)
        let up = (0..<Self.tokens).map { Fixture.normal(columns, seed: 92 + UInt64($0)) }
        let norm = InputNorm(outer: nil, outerEpsilon: 0, inner: Fixture.norm(columns, seed: 99))
        let expected = zip(gate, up).map { gate, up in
            quantize(bitLinearNorm(zip(gate, up).map { TernaryReference.glu(gate: $0, up: $1) }, norm: norm))
        }
        let weights = [norm.combined].padded
        for traits in TestDevice.traits {
            let results = try TestDevice.run(
                GLUQuantize(tokens: Self.tokens, columns: columns),
                [gate.padded, up.padded, weights, weights] + room(1, plane: Self.tokens, columns: columns), traits: traits)
            check(results[4...], expected, plane: Self.tokens, columns: columns)
        }
    }

    @Test("glu_quantize squares, and passes a transformer's sub-norm or none", arguments: [0, 1])
    func squaredGLU(norms: Int) throws {
        let columns = 1100
        let gate = Fixture.rows(Self.tokens, width: columns, seed: 91)
        let up = (0..<Self.tokens).map { Fixture.normal(columns, seed: 92 + UInt64($0)) }
        let chain = Fixture.chain(norms, width: columns)
        let expected = zip(gate, up).map { gate, up in
            let product = zip(gate, up).map { TernaryReference.glu(gate: $0, up: $1, .squaredReLU) }
            return quantize(bitLinearNorm(product, chain: chain), rounding: .toEven)
        }
        let results = try TestDevice.run(
            GLUQuantize(tokens: Self.tokens, columns: columns, norm: RowNorm(chain: chain), activation: .squaredReLU),
            [gate.padded, up.padded] + chain.weights + room(1, plane: Self.tokens, columns: columns),
            traits: TestDevice.traits[0])
        check(results[4...], expected, plane: Self.tokens, columns: columns)
    }

    @Test("gate_quantize gives the gated output and its codes", arguments: [33, 1100])
    func gate(columns: Int) throws {
        let gate = Fixture.rows(Self.tokens, width: columns, seed: 81)
        let hidden = (0..<Self.tokens).map { Fixture.normal(columns, seed: 82 + UInt64($0)) }
        let gated = zip(gate, hidden).map { zip($0, $1).map { outputGate($0, state: $1) } }
        let outer = Fixture.norm(columns, seed: 88)
        let norm = InputNorm(outer: outer, outerEpsilon: 1e-5, inner: Fixture.norm(columns, seed: 89))
        let expected = zip(gated, gate).map { quantize(bitLinearNorm($0, statistic: $1, norm: norm)) }
        for traits in TestDevice.traits {
            let results = try TestDevice.run(
                GateQuantize(tokens: Self.tokens, channels: columns, outerEpsilon: 1e-5),
                [
                    gate.padded, hidden.padded, .room(Self.tokens * paddedWidth(columns)), [outer].padded, [norm.combined].padded,
                ] + room(1, plane: Self.tokens, columns: columns), traits: traits)
            #expect(results[2].rows(Self.tokens, width: columns) == gated.map(\.bits))
            check(results[5...], expected, plane: Self.tokens, columns: columns)
        }
    }

    @Test(
        "residual_quantize adds and gives the codes of the sum, one or three weightings",
        arguments: [(1, 1100), (3, 33), (3, 512)])
    func residual(norms: Int, columns: Int) throws {
        let plane = 7
        let x = Fixture.rows(Self.tokens, width: columns, seed: 101)
        let y = (0..<Self.tokens).map { Fixture.normal(columns, seed: 102 + UInt64($0)) }
        let sums = zip(x, y).map { zip($0, $1).map(TernaryReference.residual) }
        let outer = Fixture.norm(columns, seed: 109)
        let weightings = (0..<norms).map {
            InputNorm(outer: outer, outerEpsilon: 1e-5, inner: Fixture.norm(columns, seed: 110 + UInt64($0)))
        }
        let results = try TestDevice.run(
            ResidualQuantize(
                tokens: Self.tokens, columns: columns, norms: norms, plane: plane,
                norm: RowNorm(outerEpsilon: 1e-5)),
            [x.padded, y.padded, [outer].padded, weightings.map(\.combined).padded] + room(norms, plane: plane, columns: columns),
            traits: TestDevice.traits[0])
        #expect(results[0].rows(Self.tokens, width: columns) == sums.map(\.bits))
        for (index, norm) in weightings.enumerated() {
            check(results[4...], sums.map { quantize(bitLinearNorm($0, norm: norm)) }, plane: plane, of: index, columns: columns)
        }
    }

    @Test(
        "mlgru_step_quantize steps each row's own state and gives the codes of its gated output", arguments: [37, 1100],
        [true, false])
    func step(channels: Int, bounded: Bool) throws {
        let sequences = [4, 0, 6, 1, 7, 2]
        let stateStride = paddedWidth(channels) + 16
        let z = (0..<3).map { Fixture.rows(sequences.count, width: channels, seed: 120 + UInt64($0)) }
        let lowerBound = Fixture.normal(channels, seed: 123).map { Exact.sigmoid($0) }
        let before = (0..<8).map { Fixture.normal(channels, seed: 124 + $0) }
        let norm = InputNorm(
            outer: Fixture.norm(channels, seed: 133), outerEpsilon: 1e-6, inner: Fixture.norm(channels, seed: 134))
        var state = before
        var expected: [QuantizedRow] = []
        for (row, sequence) in sequences.enumerated() {
            state[sequence] = (0..<channels).map {
                let gates = mlgruGates(input: z[0][row][$0], forget: z[1][row][$0], lowerBound: bounded ? lowerBound[$0] : nil)
                return mlgruStep(state[sequence][$0], forget: gates.forget, input: gates.input)
            }
            let gated = zip(z[2][row], state[sequence]).map { outputGate($0, state: $1) }
            expected.append(quantize(bitLinearNorm(gated, statistic: z[2][row], norm: norm)))
        }
        let results = try TestDevice.run(
            MLGRUStepQuantize(
                rows: sequences.count, channels: channels, stateStride: stateStride, outerEpsilon: 1e-6, hasLowerBound: bounded),
            z.map(\.padded) + [
                [lowerBound].padded, .words(sequences.map { UInt32($0) }),
                .floats(before.flatMap { $0 + [Float](repeating: 0, count: stateStride - channels) }),
                [norm.outer!].padded, [norm.combined].padded,
            ] + room(1, plane: sequences.count, columns: channels), traits: TestDevice.traits[0])
        #expect(results[5].rows(8, width: channels, stride: stateStride) == state.map(\.bits))
        // Padding stays zero: rows are read in whole vectors.
        #expect(results[5].enumerated().allSatisfy { $0 % stateStride < channels || $1 == 0 })
        check(results[8...], expected, plane: sequences.count, columns: channels)
    }
}
