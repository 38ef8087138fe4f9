import TernaryCore
import TernaryKernels
import VulkanCompute

/// Adds the products of one block to a plan, for the tokens of a pass.
struct TransformerProducts {
    let workspace: TransformerWorkspace
    /// The block's.
    let buffer: Buffer
    let tokens: Int
    /// Whether norm, quantisation and product are dispatches of their own.
    let isUnfused: Bool

    /// A product of rows; ends with a barrier.
    ///
    /// - Parameters:
    ///   - firstColumn: of y, where the product is not all of a row.
    ///   - addsResidual: whether it is added to y.
    func add(
        _ group: LinearGroup, x: BufferSlice, y: Buffer, yStride: Int, firstColumn: Int? = nil, addsResidual: Bool = false,
        to plan: inout Plan
    ) {
        let result = BufferSlice(firstColumn == nil ? y : workspace.scratch)
        let stride = firstColumn == nil ? yStride : paddedWidth(group.rows)
        switch group.kind {
        case .quantized(let norm, let outer, let inner, let terms):
            let norms = norms(outer, inner, or: x)
            let matrix = matrix(group, or: x)
            if isUnfused {
                addCodes(group, norm: norm, norms: norms, x: x, to: &plan)
                plan.dispatch(
                    TernaryMatmul(
                        tokens: tokens, rows: group.rows, columns: group.columns, yStride: stride, terms: terms,
                        epilogue: addsResidual ? .add : .store),
                    codes(group) + matrix + [result])
            } else {
                plan.dispatch(
                    BitLinearFused(
                        tokens: tokens, rows: group.rows, columns: group.columns, yStride: stride, terms: terms, norm: norm,
                        addsResidual: addsResidual),
                    [x, x] + norms + matrix + [result])
            }
        case .float(let layout, let norms):
            let weights = buffer.tensor(group.weights)
            plan.dispatch(
                DenseMatmul(
                    tokens: tokens, rows: 0..<group.rows, layout: layout, yStride: stride, hasBias: group.bias != nil,
                    addsResidual: addsResidual),
                [
                    normed(norms, columns: group.columns, x: x, to: &plan), weights,
                    group.scales.map { buffer.tensor($0) } ?? weights, group.bias.map { buffer.tensor($0) } ?? weights, result,
                ])
        }
        plan.barrier()
        guard let firstColumn else { return }
        for token in 0..<tokens {
            plan.copy(
                from: BufferSlice(workspace.scratch, offset: 4 * token * stride, byteCount: 4 * group.rows),
                to: BufferSlice(y, offset: 4 * (token * yStride + firstColumn), byteCount: 4 * group.rows))
        }
        plan.barrier()
    }

    /// activation(gate) * up; ends with a barrier.
    func addGLU(
        _ groups: [LinearGroup], x: BufferSlice, channels: Int, activation: TransformerConfiguration.Activation,
        to plan: inout Plan
    ) {
        let (product, stride) = (BufferSlice(workspace.product), paddedWidth(channels))
        guard groups.count == 1, case .quantized(let norm, let outer, let inner, let terms) = groups[0].kind else {
            add(groups[0], x: x, y: workspace.gate, yStride: stride, to: &plan)
            add(groups[1], x: x, y: workspace.up, yStride: stride, to: &plan)
            plan.dispatch(
                GLU(count: tokens * stride, activation: activation),
                [BufferSlice(workspace.gate), BufferSlice(workspace.up), product])
            plan.barrier()
            return
        }
        let group = groups[0]
        let norms = norms(outer, inner, or: x)
        let matrix = matrix(group, or: x)
        if isUnfused {
            addCodes(group, norm: norm, norms: norms, x: x, to: &plan)
            plan.dispatch(
                TernaryMatmul(
                    tokens: tokens, rows: channels, columns: group.columns, yStride: stride, terms: terms, epilogue: .glu,
                    activation: activation),
                codes(group) + matrix + [product])
        } else {
            plan.dispatch(
                GLUFused(
                    tokens: tokens, channels: channels, columns: group.columns, terms: terms, norm: norm, activation: activation),
                [x] + norms + matrix + [product])
        }
        plan.barrier()
    }

    /// Norms and quantises rows; ends with a barrier.
    private func addCodes(_ group: LinearGroup, norm: RowNorm, norms: [BufferSlice], x: BufferSlice, to plan: inout Plan) {
        plan.dispatch(
            NormQuantize(tokens: tokens, columns: group.columns, norms: 1, plane: tokens, norm: norm),
            [x, x] + norms + codes(group))
        plan.barrier()
    }

    /// Weights of the outer and the inner norm; what is not there is not read, and something else stands in its place.
    private func norms(_ outer: TensorArena.Place?, _ inner: TensorArena.Place?, or other: BufferSlice) -> [BufferSlice] {
        [outer ?? inner, inner].map { $0.map { buffer.tensor($0) } ?? other }
    }

    /// Weights and scales of rows; the same of scales that are not there.
    private func matrix(_ group: LinearGroup, or other: BufferSlice) -> [BufferSlice] {
        [buffer.tensor(group.weights), group.scales.map { buffer.tensor($0) } ?? other]
    }

    private func codes(_ group: LinearGroup) -> [BufferSlice] {
        [
            BufferSlice(workspace.codes, offset: 0, byteCount: tokens * paddedWidth(group.columns)),
            BufferSlice(workspace.step, offset: 0, byteCount: tokens * 4),
            BufferSlice(workspace.codeSum, offset: 0, byteCount: tokens * 4),
        ]
    }

    /// Rows behind their norms as floats.
    private func normed(
        _ norms: [(weight: TensorArena.Place, epsilon: Float)], columns: Int, x: BufferSlice, to plan: inout Plan
    ) -> BufferSlice {
        var (from, to) = (x, BufferSlice(workspace.normed))
        for norm in norms {
            plan.dispatch(
                NormRows(rows: 0..<tokens, columns: columns, epsilon: norm.epsilon), [from, buffer.tensor(norm.weight), to])
            plan.barrier()
            (from, to) = (to, BufferSlice(workspace.normedTwice))
        }
        return from
    }
}
