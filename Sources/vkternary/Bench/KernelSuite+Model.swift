import TernaryCore
import TernaryKernels
import TernaryReference
import VulkanCompute

/// What stands around the BitLinears of a model.
extension KernelSuite {
    /// The op at so many tokens; nil where this shape or this device has no use for it.
    func makeCase(_ op: KernelOp, tokens: Int) throws -> KernelCase? {
        switch op {
        case .embedding: try embedding(tokens: tokens)
        case .rmsnorm: try rmsnorm(tokens: tokens)
        case .quantize: try quantize(tokens: tokens)
        case .normQuantize: try normQuantize(tokens: tokens, norms: 1)
        case .normQuantize3: try normQuantize(tokens: tokens, norms: 3)
        case .ternaryMatmul: try ternaryMatmul(tokens: tokens, units: false)
        case .ternaryMatmulUnits: try ternaryMatmul(tokens: tokens, units: true)
        case .bitlinearFused: try bitlinearFused(tokens: tokens)
        case .bitlinearUnfused: try bitlinear(tokens: tokens, split: false)
        case .bitlinearSplit: try bitlinear(tokens: tokens, split: true)
        case .glu: try glu(tokens: tokens)
        case .gluFused: try gluFused(tokens: tokens)
        case .mlgru: try mlgru(tokens: tokens)
        case .mlgruFused: try mlgruFused(tokens: tokens)
        case .mlgruGates: try mlgruGates(tokens: tokens)
        case .outputGate: try outputGate(tokens: tokens)
        case .residual: try residual(tokens: tokens)
        case .gateQuantize: try gateQuantize(tokens: tokens)
        case .gluQuantize: try gluQuantize(tokens: tokens)
        case .residualQuantize: try residualQuantize(tokens: tokens)
        case .mlgruStep: try batchStep(tokens: tokens, quantizes: false)
        case .mlgruStepQuantize: try batchStep(tokens: tokens, quantizes: true)
        case .mlgruFusedBatch: try mlgruFusedBatch(tokens: tokens)
        case .argmax: try argmax(tokens: tokens)
        case .ternaryUnpack: try ternaryUnpack()
        case .denseMatmul: try denseMatmul(tokens: tokens)
        case .denseEmbedding: try denseEmbedding(tokens: tokens)
        case .normRows: try normRows(tokens: tokens)
        case .attentionPrompt: try attentionPrompt(tokens: tokens)
        case .denseMatmulFloat32, .denseMatmulBFloat16, .denseMatmulQ8, .ternaryMatmulFloats, .attentionStep, .attentionChunk,
            .rotate, .keepKeys, .recallKeys:
            nil
        }
    }

    /// The shape turned round: a row of `columns` values for each of `rows` tokens of a vocabulary, f16, looked up at random.
    private func embedding(tokens: Int) throws -> KernelCase {
        let (rows, columns) = (shape.rows, shape.columns)
        var random = SplitMix64(seed: 7)
        // All of them finite.
        let halves = (0..<(rows * columns + 3) / 4).map { _ in random.next() & 0xBBFF_BBFF_BBFF_BBFF }
        let bytes = halves.withUnsafeBytes { [UInt8]($0.prefix(rows * columns * 2)) }
        let table = EmbeddingTable(rows: rows, columns: columns, element: .float16, bytes: bytes)
        let buffer = try device.makeBuffer(byteCount: halves.count * 8, memory: .device, label: "table")
        try device.upload(halves, to: buffer)
        let stride = paddedWidth(columns)
        let buffers = try rotated([room(tokens, "tokens"), room(tokens * stride, "x")])
        var first: [UInt32] = []
        // Every set looks up others.
        for (index, copy) in buffers[0].enumerated() {
            let ids = (0..<tokens).map { _ in UInt32(random.next() % UInt64(rows)) }
            try device.upload(ids, to: copy)
            if index == 0 { first = ids }
        }
        let kernel = Embedding(tokens: tokens, columns: columns, element: .float16, rows: 0..<rows)
        return KernelCase(
            op: .embedding, tokens: tokens, columns: columns, rows: rows,
            stages: [stage(kernel, [buffers[0], [buffer], buffers[1]])],
            outputs: [
                .init(buffer: buffers[1][0], stride: stride, count: tokens, expected: first.map { table.row(Int($0)).bits })
            ])
    }

    /// Half of the shape's rows: it holds the gate's matrix and the other's.
    var channels: Int { shape.rows / 2 }

    private func glu(tokens: Int) throws -> KernelCase? {
        if channels == 0 { return nil }
        return try pairwise(.glu, tokens: tokens, width: channels, GLU(count: tokens * paddedWidth(channels))) {
            TernaryReference.glu(gate: $0, up: $1)
        }
    }

    private func outputGate(tokens: Int) throws -> KernelCase {
        try pairwise(.outputGate, tokens: tokens, width: shape.rows, OutputGate(count: tokens * paddedWidth(shape.rows))) {
            TernaryReference.outputGate($0, state: $1)
        }
    }

    /// An op that takes a value of each of two buffers and writes to a third.
    private func pairwise<K: CostedKernel>(
        _ op: KernelOp, tokens: Int, width: Int, _ kernel: K, _ reference: (Float, Float) -> Float
    ) throws -> KernelCase {
        let (a, b) = (activations(width, seed: 3), activations(width, seed: 4))
        let buffers = try rotated([
            shared(a, tokens: tokens, "a"), shared(b, tokens: tokens, "b"), room(tokens * paddedWidth(width), "result"),
        ])
        return KernelCase(
            op: op, tokens: tokens, columns: width, rows: nil, stages: [stage(kernel, buffers)],
            outputs: [
                .init(
                    buffer: buffers[2][0], stride: paddedWidth(width), count: tokens,
                    expected: zip(a, b).map { zip($0, $1).map(reference).bits })
            ])
    }

    private func residual(tokens: Int) throws -> KernelCase {
        let width = shape.rows
        let (a, b) = (activations(width, seed: 3), activations(width, seed: 4))
        let buffers = try rotated([shared(a, tokens: tokens, "x"), shared(b, tokens: tokens, "y")])
        return KernelCase(
            op: .residual, tokens: tokens, columns: width, rows: nil,
            stages: [stage(Residual(count: tokens * paddedWidth(width)), buffers)],
            outputs: [
                .init(
                    buffer: buffers[0][0], stride: paddedWidth(width), count: tokens,
                    expected: zip(a, b).map { zip($0, $1).map(TernaryReference.residual).bits })
            ])
    }

    private func gluFused(tokens: Int) throws -> KernelCase? {
        guard channels > 0, BitLinearFused.fits(columns: shape.columns, device: traits) else { return nil }
        let norms = try normWeights([norms[0]])
        let kernel = GLUFused(
            tokens: tokens, channels: channels, columns: shape.columns, terms: .matrix(scale: RotatedMatrix.scale),
            norm: RowNorm(outerEpsilon: Self.epsilon))
        let expected = try projections(2, rows: channels, norms: 1)
        let product = try room(tokens * paddedWidth(channels), "product")
        let weights = try matrices(2, rows: channels)
        return KernelCase(
            op: .gluFused, tokens: tokens, columns: shape.columns, rows: 2 * channels,
            stages: [stage(kernel, [try shared(x, tokens: tokens, "x")] + norms + [weights.copies, norms[1], product])],
            outputs: [
                .init(
                    buffer: product[0], stride: paddedWidth(channels), count: tokens,
                    expected: zip(expected[0], expected[1]).map {
                        zip($0, $1).map { TernaryReference.glu(gate: $0, up: $1) }.bits
                    })
            ])
    }

    // MARK: MLGRU

    /// Of the forget gates of a state as wide as the shape has rows.
    var lowerBound: [Float] { KernelValues.lowerBound(shape.rows) }

    /// A step of one token, or the gates of several.
    private func mlgruFused(tokens: Int) throws -> KernelCase? {
        guard MLGRUFused.fits(columns: shape.columns, device: traits) else { return nil }
        let width = shape.rows
        let isSequence = tokens > 1
        let scale = RotatedMatrix.scale
        let kernel = MLGRUFused(
            tokens: tokens, channels: width, columns: shape.columns, scales: (scale, scale, scale), epsilon: Self.epsilon,
            isSequence: isSequence, hasLowerBound: true)
        let z = try projections(3, rows: width, norms: 3)
        let state = activations(width, seed: 6)[0]
        let bound = lowerBound
        let gates = x.indices.map { row in
            (0..<width).map { TernaryReference.mlgruGates(input: z[0][row][$0], forget: z[1][row][$0], lowerBound: bound[$0]) }
        }
        let next = (0..<width).map { mlgruStep(state[$0], forget: gates[0][$0].forget, input: gates[0][$0].input) }
        let gated = (0..<width).map { TernaryReference.outputGate(z[2][0][$0], state: next[$0]) }
        let words = tokens * paddedWidth(width)
        let first = isSequence ? try room(words, "forget gates") : try shared([state], tokens: 1, "state")
        let second = try room(words, "gate")
        let third = try room(words, isSequence ? "input gates" : "gated")
        let weights = try matrices(3, rows: width)
        let buffers =
            [try shared(x, tokens: tokens, "x")] + (try normWeights(norms))
            + [weights.copies, try shared([bound], tokens: 1, "lower bound"), first, second, third]
        func output(_ buffer: KernelCase.Rotation, _ rows: [[Float]]) -> KernelCase.Output {
            .init(buffer: buffer[0], stride: paddedWidth(width), count: tokens, expected: rows.map(\.bits))
        }
        return KernelCase(
            op: .mlgruFused, tokens: tokens, columns: shape.columns, rows: 3 * width, stages: [stage(kernel, buffers)],
            outputs: [
                output(first, isSequence ? gates.map { $0.map(\.forget) } : [next]), output(second, z[2]),
                output(third, isSequence ? gates.map { $0.map(\.input) } : [gated]),
            ])
    }

    private func mlgruGates(tokens: Int) throws -> KernelCase {
        let width = shape.rows
        let (zi, zf) = (activations(width, seed: 3), activations(width, seed: 4))
        let bound = lowerBound
        let buffers = try rotated([shared(zi, tokens: tokens, "zi"), shared(zf, tokens: tokens, "zf")])
        let gates = zip(zi, zf).map { zi, zf in
            (0..<width).map { TernaryReference.mlgruGates(input: zi[$0], forget: zf[$0], lowerBound: bound[$0]) }
        }
        let kernel = MLGRUGates(tokens: tokens, channels: width, hasLowerBound: true)
        return KernelCase(
            op: .mlgruGates, tokens: tokens, columns: width, rows: nil,
            stages: [stage(kernel, buffers + [try shared([bound], tokens: 1, "lower bound")])],
            outputs: [
                .init(
                    buffer: buffers[0][0], stride: paddedWidth(width), count: tokens,
                    expected: gates.map { $0.map(\.input).bits }),
                .init(
                    buffer: buffers[1][0], stride: paddedWidth(width), count: tokens,
                    expected: gates.map { $0.map(\.forget).bits }),
            ])
    }

    private func mlgru(tokens: Int) throws -> KernelCase {
        let width = shape.rows
        let forget = activations(width, seed: 3).map { $0.map { $0 + 0.5 } }
        let input = activations(width, seed: 4)
        var state = activations(width, seed: 6)[0]
        let buffers = try rotated([
            shared(forget, tokens: tokens, "forget gates"), shared(input, tokens: tokens, "input gates"),
            shared([state], tokens: 1, "state"), room(tokens * paddedWidth(width), "hidden"),
            // Whole gates come without a bound, so that any row will do.
            shared([state], tokens: 1, "lower bound"),
        ])
        let hidden = mlgruSequence(
            forget: (0..<tokens).map { forget[$0 % forget.count] }, input: (0..<tokens).map { input[$0 % input.count] },
            state: &state)
        return KernelCase(
            op: .mlgru, tokens: tokens, columns: width, rows: nil,
            stages: [stage(MLGRU(tokens: tokens, channels: width), buffers)],
            outputs: [
                .init(buffer: buffers[3][0], stride: paddedWidth(width), count: tokens, expected: hidden.map(\.bits)),
                .init(buffer: buffers[2][0], stride: paddedWidth(width), count: 1, expected: [state.bits]),
            ])
    }
}
