import TernaryCore
import TernaryKernels
import TernaryReference
import VulkanCompute

/// Norms, quantisation, ternary products, and BitLinears made of them.
extension KernelSuite {
    private var columns: Int { shape.columns }
    private var width: Int { paddedWidth(shape.columns) }

    func rmsnorm(tokens: Int) throws -> KernelCase {
        let buffers = try rotated([shared(x, tokens: tokens, "x")] + normRoom(tokens))
        // Weights are the same for every row and every layer's are read once a pass: they are not rotated.
        let bound = [buffers[0], buffers[0]] + (try normWeights(1)) + [buffers[1], buffers[2]]
        return KernelCase(
            op: .rmsnorm, tokens: tokens, columns: columns, rows: nil,
            stages: [stage(RMSNorm(tokens: tokens, columns: columns, norm: RowNorm(outerEpsilon: Self.epsilon)), bound)],
            outputs: [
                .init(buffer: buffers[1][0], stride: width, count: tokens, expected: normalized.map(\.weighted.bits)),
                .init(buffer: buffers[2][0], stride: 1, count: tokens, expected: normalized.map { [$0.rootInverse.bitPattern] }),
            ])
    }

    func quantize(tokens: Int) throws -> KernelCase {
        let inverses = Self.repeated(normalized.map { [$0.rootInverse.bitPattern] }, tokens: tokens)
        let buffers = try rotated(
            [shared(normalized.map(\.weighted), tokens: tokens, "weighted rows"), shared(inverses, "root inverses")]
                + codesRoom(tokens, norms: 1))
        return KernelCase(
            op: .quantize, tokens: tokens, columns: columns, rows: nil,
            stages: [stage(Quantize(tokens: tokens, columns: columns), buffers)],
            outputs: codesOutputs(buffers[2...].map { $0[0] }, tokens: tokens, planes: [quantized]))
    }

    func normQuantize(tokens: Int, norms: Int) throws -> KernelCase {
        let buffers = try rotated([shared(x, tokens: tokens, "x")] + codesRoom(tokens, norms: norms))
        let kernel = NormQuantize(
            tokens: tokens, columns: columns, norms: norms, plane: tokens, norm: RowNorm(outerEpsilon: Self.epsilon))
        let expected = self.norms.prefix(norms).map { norm in x.map { TernaryReference.quantize(bitLinearNorm($0, norm: norm)) } }
        return KernelCase(
            op: norms == 3 ? .normQuantize3 : .normQuantize, tokens: tokens, columns: columns, rows: nil,
            stages: [stage(kernel, [buffers[0], buffers[0]] + (try normWeights(norms)) + buffers[1...])],
            outputs: codesOutputs(buffers[1...].map { $0[0] }, tokens: tokens, planes: expected))
    }

    /// Nil where the device has no matrix units or does not use them for so few tokens.
    func ternaryMatmul(tokens: Int, units: Bool) throws -> KernelCase? {
        let traits = traits(units: units)
        let rows = shape.rows
        let kernel = matmul(tokens)
        if units && !kernel.usesMatrixUnits(on: traits) { return nil }
        let weights = try matrices(1, rows: rows)
        let y = try room(tokens * paddedWidth(rows), "y")
        let codes = Self.repeated(quantized.map(\.codes.packed), tokens: tokens)
        let steps = Self.repeated(quantized.map { [$0.step.bitPattern] }, tokens: tokens)
        let sums = Self.repeated(quantized.map { [Self.sum($0)] }, tokens: tokens)
        let input = [try shared(codes, "codes"), try shared(steps, "steps"), try shared(sums, "code sums")]
        return KernelCase(
            op: units ? .ternaryMatmulUnits : .ternaryMatmul, tokens: tokens, columns: columns, rows: rows,
            stages: [stage(kernel, input + [weights.copies, input[1], y], traits: traits)],
            outputs: [try product(y, tokens: tokens)])
    }

    /// Nil where the device's shared memory is too small.
    func bitlinearFused(tokens: Int) throws -> KernelCase? {
        guard BitLinearFused.fits(columns: columns, device: traits) else { return nil }
        let rows = shape.rows
        let x = try shared(x, tokens: tokens, "x")
        let y = try room(tokens * paddedWidth(rows), "y")
        let weights = try matrices(1, rows: rows)
        let norms = try normWeights(1)
        let kernel = BitLinearFused(
            tokens: tokens, rows: rows, columns: columns, yStride: paddedWidth(rows), terms: .matrix(scale: RotatedMatrix.scale),
            norm: RowNorm(outerEpsilon: Self.epsilon), addsResidual: false)
        return KernelCase(
            op: .bitlinearFused, tokens: tokens, columns: columns, rows: rows,
            stages: [stage(kernel, [x, x] + norms + [weights.copies, norms[1], y])],
            outputs: [try product(y, tokens: tokens)])
    }

    /// In three dispatches, the baseline, or in two, as prompts run.
    func bitlinear(tokens: Int, split: Bool) throws -> KernelCase {
        let rows = shape.rows
        let x = try shared(x, tokens: tokens, "x")
        let norms = try normWeights(1)
        let quantised = try codesRoom(tokens, norms: 1)
        let y = try room(tokens * paddedWidth(rows), "y")
        let weights = try matrices(1, rows: rows)
        let product = stage(matmul(tokens), quantised + [weights.copies, quantised[1], y])
        let before: [KernelCase.Stage]
        if split {
            let kernel = NormQuantize(
                tokens: tokens, columns: columns, norms: 1, plane: tokens, norm: RowNorm(outerEpsilon: Self.epsilon))
            before = [stage(kernel, [x, x] + norms + quantised)]
        } else {
            let normed = try normRoom(tokens)
            before = [
                stage(
                    RMSNorm(tokens: tokens, columns: columns, norm: RowNorm(outerEpsilon: Self.epsilon)), [x, x] + norms + normed),
                stage(Quantize(tokens: tokens, columns: columns), normed + quantised),
            ]
        }
        return KernelCase(
            op: split ? .bitlinearSplit : .bitlinearUnfused, tokens: tokens, columns: columns, rows: rows,
            stages: before + [product], outputs: [try self.product(y, tokens: tokens)])
    }

    private func traits(units: Bool) -> DeviceTraits {
        var traits = traits
        if !units { traits.int8Matrices = false }
        return traits
    }

    private func matmul(_ tokens: Int) -> TernaryMatmul {
        TernaryMatmul(
            tokens: tokens, rows: shape.rows, columns: columns, yStride: paddedWidth(shape.rows),
            terms: .matrix(scale: RotatedMatrix.scale))
    }

    private func product(_ y: KernelCase.Rotation, tokens: Int) throws -> KernelCase.Output {
        let expected = try projections(1, rows: shape.rows, norms: 1)[0]
        return .init(buffer: y[0], stride: paddedWidth(shape.rows), count: tokens, expected: expected.map(\.bits))
    }

    private func normWeights(_ count: Int) throws -> [KernelCase.Rotation] { try normWeights(Array(norms.prefix(count))) }

    /// Outer weights, and combined ones of each weighting.
    func normWeights(_ norms: [InputNorm]) throws -> [KernelCase.Rotation] {
        [try shared(norms[0].outer!.padded, "outer norm"), try shared(norms.flatMap(\.combined.padded), "norms")]
    }

    private func normRoom(_ tokens: Int) throws -> [KernelCase.Rotation] {
        [try room(tokens * width, "weighted rows"), try room(tokens, "root inverses")]
    }

    private func codesRoom(_ tokens: Int, norms: Int) throws -> [KernelCase.Rotation] {
        try codesRoom(tokens, norms: norms, width: columns)
    }

    /// Room for codes, steps and sums of rows of a width.
    func codesRoom(_ tokens: Int, norms: Int, width: Int) throws -> [KernelCase.Rotation] {
        [
            try room(norms * tokens * paddedWidth(width) / 4, "codes"), try room(norms * tokens, "steps"),
            try room(norms * tokens, "code sums"),
        ]
    }

    private func codesOutputs(_ buffers: [Buffer], tokens: Int, planes: [[QuantizedRow]]) -> [KernelCase.Output] {
        codesOutputs(buffers, tokens: tokens, planes: planes, width: columns)
    }

    /// Codes, steps and sums that must come out.
    ///
    /// - Parameter planes: rows of each weighting, repeated over the tokens; weightings follow one another.
    func codesOutputs(_ buffers: [Buffer], tokens: Int, planes: [[QuantizedRow]], width: Int) -> [KernelCase.Output] {
        func output(_ buffer: Buffer, stride: Int, _ words: (QuantizedRow) -> [UInt32]) -> KernelCase.Output {
            let expected = planes.map { $0.map(words) }.flatMap { rows in (0..<tokens).map { rows[$0 % rows.count] } }
            return .init(buffer: buffer, stride: stride, count: expected.count, expected: expected)
        }
        return [
            output(buffers[0], stride: paddedWidth(width) / 4, \.codes.packed),
            output(buffers[1], stride: 1) { [$0.step.bitPattern] },
            output(buffers[2], stride: 1) { [Self.sum($0)] },
        ]
    }

    private static func sum(_ row: QuantizedRow) -> UInt32 {
        UInt32(bitPattern: row.codes.reduce(0) { $0 + Int32($1) })
    }
}
