import TernaryCore
import TernaryReference
import Testing

@testable import TernaryKernels

@Suite("mlgru", .enabled(if: TestDevice.isPresent, "needs a Vulkan driver; lavapipe will do"))
struct MLGRUTests {
    private struct Layer {
        let columns, channels: Int
        let outer: [Float]
        let norms: [InputNorm]
        let matrices: [TernaryMatrix]
        let lowerBound: [Float]

        init(columns: Int, channels: Int) {
            self.columns = columns
            self.channels = channels
            let outer = Fixture.norm(columns, seed: 41)
            self.outer = outer
            norms = (0..<3).map { InputNorm(outer: outer, outerEpsilon: 1e-6, inner: Fixture.norm(columns, seed: 42 + $0)) }
            matrices = (0..<3).map { Fixture.matrix(rows: channels, columns: columns, seed: 45 + $0, scale: 0.05) }
            lowerBound = Fixture.normal(channels, seed: 48).map { Exact.sigmoid($0) }
        }

        func projections(_ x: [Float]) -> [[Float]] { zip(norms, matrices).map { bitLinear(x, norm: $0, $1) } }

        func gates(_ z: [[Float]], bounded: Bool) -> (forget: [Float], input: [Float]) {
            let gates = (0..<channels).map {
                mlgruGates(input: z[0][$0], forget: z[1][$0], lowerBound: bounded ? lowerBound[$0] : nil)
            }
            return (gates.map(\.forget), gates.map(\.input))
        }

        func kernel(tokens: Int, isSequence: Bool, bounded: Bool) -> MLGRUFused {
            MLGRUFused(
                tokens: tokens, channels: channels, columns: columns,
                scales: (matrices[0].scale, matrices[1].scale, matrices[2].scale), epsilon: 1e-6, isSequence: isSequence,
                hasLowerBound: bounded)
        }

        func buffers(_ x: [[Float]], state: TestDevice.Content) -> [TestDevice.Content] {
            let room = TestDevice.Content.room(x.count * paddedWidth(channels))
            return [
                x.padded, [outer].padded, norms.map(\.combined).padded, .words(matrices.flatMap(\.words)), [lowerBound].padded,
                state,
                room, room,
            ]
        }
    }

    @Test("the fused step gives the reference's bits", arguments: [(64, 64), (100, 37)], [true, false])
    func step(shape: (columns: Int, channels: Int), bounded: Bool) throws {
        let layer = Layer(columns: shape.columns, channels: shape.channels)
        let x = Fixture.normal(shape.columns, seed: 50)
        let state = Fixture.normal(shape.channels, seed: 51)
        let z = layer.projections(x)
        let gates = layer.gates(z, bounded: bounded)
        let next = (0..<shape.channels).map { mlgruStep(state[$0], forget: gates.forget[$0], input: gates.input[$0]) }
        let gated = zip(z[2], next).map { outputGate($0, state: $1) }
        for traits in TestDevice.traits {
            let results = try TestDevice.run(
                layer.kernel(tokens: 1, isSequence: false, bounded: bounded), layer.buffers([x], state: [state].padded),
                traits: traits)
            #expect(results[5].rows(1, width: shape.channels) == [next.bits])
            #expect(results[6].rows(1, width: shape.channels) == [z[2].bits])
            #expect(results[7].rows(1, width: shape.channels) == [gated.bits])
        }
    }

    @Test("gates of a sequence, recurrence and output gate give the reference's bits")
    func sequence() throws {
        let layer = Layer(columns: 100, channels: 37)
        let tokens = 6
        let x = Fixture.rows(tokens, width: 100, seed: 52)
        let z = x.map(layer.projections)
        let gates = z.map { layer.gates($0, bounded: true) }
        var state = Fixture.normal(37, seed: 53)
        let before = [state].padded
        let hidden = mlgruSequence(forget: gates.map(\.forget), input: gates.map(\.input), state: &state)
        let traits = TestDevice.traits[0]
        let stride = paddedWidth(37)

        let fused = try TestDevice.run(
            layer.kernel(tokens: tokens, isSequence: true, bounded: true), layer.buffers(x, state: .room(tokens * stride)),
            traits: traits)
        #expect(fused[5].rows(tokens, width: 37) == gates.map(\.forget.bits))
        #expect(fused[7].rows(tokens, width: 37) == gates.map(\.input.bits))

        let recurrence = try TestDevice.run(
            MLGRU(tokens: tokens, channels: 37),
            [.words(fused[5]), .words(fused[7]), before, .room(tokens * stride), [layer.lowerBound].padded],
            traits: traits)
        #expect(recurrence[3].rows(tokens, width: 37) == hidden.map(\.bits))
        #expect(recurrence[2].rows(1, width: 37) == [state.bits])

        let gated = try TestDevice.run(
            OutputGate(count: tokens * stride), [.words(fused[6]), .words(recurrence[3]), .room(tokens * stride)], traits: traits)
        let expected = zip(z, hidden).map { zip($0[2], $1).map { outputGate($0, state: $1) }.bits }
        #expect(gated[2].rows(tokens, width: 37) == expected)
    }

    @Test("the recurrence makes the gates of what the products' epilogues leave", arguments: [6, 70], [true, false])
    func gatesOfFactors(tokens: Int, bounded: Bool) throws {
        let layer = Layer(columns: 16, channels: 37)
        let z = (0..<2).map { Fixture.rows(tokens, width: 37, seed: 55 + $0) }
        let bounds: [Float?] = bounded ? layer.lowerBound : Array(repeating: nil, count: 37)
        let gates = (0..<tokens).map { t in
            (0..<37).map { mlgruGates(input: z[0][t][$0], forget: z[1][t][$0], lowerBound: bounds[$0]) }
        }
        var state = Fixture.normal(37, seed: 57)
        let before = [state].padded
        let hidden = mlgruSequence(forget: gates.map { $0.map(\.forget) }, input: gates.map { $0.map(\.input) }, state: &state)
        for traits in TestDevice.traits {
            let results = try TestDevice.run(
                MLGRU(tokens: tokens, channels: 37, gates: bounded ? .bounded : .unbounded),
                [
                    z[1].map { $0.map { Exact.sigmoid($0) } }.padded, z[0].map { $0.map { Exact.silu($0) } }.padded, before,
                    .room(tokens * paddedWidth(37)), [layer.lowerBound].padded,
                ], traits: traits)
            #expect(results[3].rows(tokens, width: 37) == hidden.map(\.bits))
            #expect(results[2].rows(1, width: 37) == [state.bits])
        }
    }

    @Test("unfused gates give the reference's bits, in place")
    func unfusedGates() throws {
        let layer = Layer(columns: 64, channels: 37)
        let x = Fixture.rows(6, width: 64, seed: 54)
        let z = x.map(layer.projections)
        for bounded in [true, false] {
            let gates = z.map { layer.gates($0, bounded: bounded) }
            let results = try TestDevice.run(
                MLGRUGates(tokens: 6, channels: 37, hasLowerBound: bounded),
                [z.map { $0[0] }.padded, z.map { $0[1] }.padded, [layer.lowerBound].padded], traits: TestDevice.traits[0])
            #expect(results[0].rows(6, width: 37) == gates.map(\.input.bits))
            #expect(results[1].rows(6, width: 37) == gates.map(\.forget.bits))
        }
    }

    @Test(
        "a step of several sequences gives each the reference's bits and leaves the others alone, fused and unfused",
        arguments: [37, 300], [true, false])
    func batchStep(channels: Int, bounded: Bool) throws {
        let layer = Layer(columns: 64, channels: channels)
        let sequences = [4, 0, 6, 1]
        let stateStride = paddedWidth(channels) + 16
        let x = Fixture.rows(sequences.count, width: 64, seed: 55)
        let z = x.map(layer.projections)
        let before = (0..<8).map { Fixture.normal(channels, seed: 80 + $0) }
        let gates = z.map { layer.gates($0, bounded: bounded) }
        var state = before
        var gated: [[Float]] = []
        for (row, sequence) in sequences.enumerated() {
            state[sequence] = (0..<channels).map {
                mlgruStep(state[sequence][$0], forget: gates[row].forget[$0], input: gates[row].input[$0])
            }
            gated.append(zip(z[row][2], state[sequence]).map { outputGate($0, state: $1) })
        }
        let states = TestDevice.Content.floats(
            before.flatMap { $0 + [Float](repeating: 0, count: stateStride - channels) })
        let rows = TestDevice.Content.words(sequences.map { UInt32($0) })

        let unfused = try TestDevice.run(
            MLGRUStep(rows: sequences.count, channels: channels, stateStride: stateStride, hasLowerBound: bounded),
            [
                z.map { $0[0] }.padded, z.map { $0[1] }.padded, z.map { $0[2] }.padded, [layer.lowerBound].padded, rows, states,
                .room(sequences.count * paddedWidth(channels)),
            ], traits: TestDevice.traits[0])
        #expect(unfused[5].rows(8, width: channels, stride: stateStride) == state.map(\.bits))
        #expect(unfused[6].rows(sequences.count, width: channels) == gated.map(\.bits))

        for traits in TestDevice.traits {
            let fused = try TestDevice.run(
                MLGRUFusedBatch(
                    layer.kernel(tokens: 1, isSequence: false, bounded: bounded), rows: sequences.count,
                    sequenceStride: stateStride),
                layer.buffers(x, state: states) + [rows], traits: traits)
            #expect(fused[5].rows(8, width: channels, stride: stateStride) == state.map(\.bits))
            #expect(fused[6].rows(sequences.count, width: channels) == z.map { $0[2].bits })
            #expect(fused[7].rows(sequences.count, width: channels) == gated.map(\.bits))
        }
    }
}
