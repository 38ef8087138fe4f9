import TernaryCore
import TernaryKernels
import TernaryReference
import VulkanCompute

/// A step of several sequences at a time, and the tokens that are drawn behind it.
extension KernelSuite {
    /// Rows are of the sequences in reverse order, so that no row's state stands in its own place.
    private func sequences(_ tokens: Int) throws -> KernelCase.Rotation {
        try shared((0..<tokens).map { UInt32(tokens - 1 - $0) }, "sequences")
    }

    /// States after a step, by sequence, and gated outputs, by row; of rows that take turns with `z`, `(3, patterns, D)`.
    private func stepped(_ z: [[[Float]]], _ state: [[Float]], tokens: Int) -> (state: [[Float]], gated: [[Float]]) {
        let bound = lowerBound
        let count = state.count
        // Row r is of sequence tokens - 1 - r, and the other way round.
        func partner(_ place: Int) -> Int { (tokens - 1 - place % count + count) % count }
        let next = (0..<count).map { row -> [Float] in
            let before = state[partner(row)]
            return before.indices.map {
                let gates = TernaryReference.mlgruGates(input: z[0][row][$0], forget: z[1][row][$0], lowerBound: bound[$0])
                return mlgruStep(before[$0], forget: gates.forget, input: gates.input)
            }
        }
        let gated = (0..<count).map { row in zip(z[2][row], next[row]).map { TernaryReference.outputGate($0, state: $1) } }
        return ((0..<count).map { next[partner($0)] }, gated)
    }

    /// With codes of the gated output, or without; nil where the device cannot bind as much.
    func batchStep(tokens: Int, quantizes: Bool) throws -> KernelCase? {
        if quantizes && device.description.maxBindings < MLGRUStepQuantize.bindings { return nil }
        let width = shape.rows
        let stride = paddedWidth(width)
        let z = (0..<3).map { activations(width, seed: 3 + $0) }
        let state = activations(width, seed: 6)
        let (next, gated) = stepped(z, state, tokens: tokens)
        let norm = weightings(1, width: width)[0]
        let results =
            quantizes ? try codesRoom(tokens, norms: 1, width: width) : [try room(tokens * stride, "gated")]
        let buffers = try rotated(
            z.map { try shared($0, tokens: tokens, "projections") } + [shared(state, tokens: tokens, "states")] + results)
        let input =
            Array(buffers[..<3]) + [try shared([lowerBound], tokens: 1, "lower bound"), try sequences(tokens), buffers[3]]
        let states = rows(buffers[3], next, width: width, count: tokens)
        guard quantizes else {
            let kernel = MLGRUStep(rows: tokens, channels: width, stateStride: stride, hasLowerBound: true)
            return KernelCase(
                op: .mlgruStep, tokens: tokens, columns: width, rows: nil, stages: [stage(kernel, input + buffers[4...])],
                outputs: [states, rows(buffers[4], gated, width: width, count: tokens)])
        }
        let kernel = MLGRUStepQuantize(
            rows: tokens, channels: width, stateStride: stride, outerEpsilon: Self.epsilon, hasLowerBound: true)
        let codes = zip(gated, z[2]).map { TernaryReference.quantize(bitLinearNorm($0, statistic: $1, norm: norm)) }
        return KernelCase(
            op: .mlgruStepQuantize, tokens: tokens, columns: width, rows: nil,
            stages: [stage(kernel, input + (try normWeights([norm])) + buffers[4...])],
            outputs: [states] + codesOutputs(buffers[4...].map { $0[0] }, tokens: tokens, planes: [codes], width: width))
    }

    /// Nil where the device's shared memory is too small, or where it cannot bind as much.
    func mlgruFusedBatch(tokens: Int) throws -> KernelCase? {
        guard device.description.maxBindings >= MLGRUFusedBatch.bindings else { return nil }
        guard MLGRUFused.fits(columns: shape.columns, device: traits) else { return nil }
        let width = shape.rows
        let stride = paddedWidth(width)
        let scale = RotatedMatrix.scale
        let step = MLGRUFused(
            tokens: 1, channels: width, columns: shape.columns, scales: (scale, scale, scale), epsilon: Self.epsilon,
            isSequence: false, hasLowerBound: true)
        let z = try projections(3, rows: width, norms: 3)
        let state = activations(width, seed: 6)
        let (next, gated) = stepped(z, state, tokens: tokens)
        let states = try shared(state, tokens: tokens, "states")
        let (gates, results) = (try room(tokens * stride, "gates"), try room(tokens * stride, "gated"))
        let weights = try matrices(3, rows: width)
        let buffers =
            [try shared(x, tokens: tokens, "x")] + (try normWeights(norms))
            + [weights.copies, try shared([lowerBound], tokens: 1, "lower bound"), states, gates, results, try sequences(tokens)]
        return KernelCase(
            op: .mlgruFusedBatch, tokens: tokens, columns: shape.columns, rows: 3 * width,
            stages: [stage(MLGRUFusedBatch(step, rows: tokens, sequenceStride: stride), buffers)],
            outputs: [
                rows(states, next, width: width, count: tokens), rows(gates, z[2], width: width, count: tokens),
                rows(results, gated, width: width, count: tokens),
            ])
    }

    /// The shape's rows are the vocabulary.
    func argmax(tokens: Int) throws -> KernelCase {
        let logits = activations(shape.rows, seed: 3)
        let buffers = try rotated([
            shared(Self.repeated(logits.map(\.bits), tokens: tokens), "logits"), room(tokens, "next"), room(tokens, "drawn"),
        ])
        let expected = logits.map { [UInt32(TernaryReference.argmax($0))] }
        return KernelCase(
            op: .argmax, tokens: tokens, columns: shape.rows, rows: nil,
            stages: [stage(Argmax(rows: tokens, columns: shape.rows), buffers)],
            outputs: buffers[1...].map { .init(buffer: $0[0], stride: 1, count: tokens, expected: expected) })
    }

    /// From 1.6 bits a weight to 2.
    func ternaryUnpack() throws -> KernelCase {
        let matrix = try matrices(1, rows: shape.rows)
        let tiles = matrix.words.count / 4
        let buffers = try rotated([
            shared(Array(Base3Packing.pack(matrix.words)), "packed"), room(matrix.words.count, "tiles"),
        ])
        return KernelCase(
            op: .ternaryUnpack, tokens: 1, columns: shape.columns, rows: shape.rows,
            stages: [stage(TernaryUnpack(matrices: 1, tiles: tiles), buffers)],
            outputs: [.init(buffer: buffers[1][0], stride: matrix.words.count, count: 1, expected: [Array(matrix.words)])])
    }
}
