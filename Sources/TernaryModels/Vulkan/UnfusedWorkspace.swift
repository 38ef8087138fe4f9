import TernaryCore
import TernaryKernels
import VulkanCompute

/// The unfused form: norm, quantisation, product and epilogue as dispatches of their own, through device memory.
///
/// It gives the same bits as the fused form, which is measured against it, and serves rows that shared memory cannot hold.
struct UnfusedWorkspace {
    let configuration: MatMulFreeConfiguration
    let workspace: Workspace
    /// Weighted rows and int8 codes of the widest row; per-row factors.
    let weighted, rootInverse, codes, step, codeSum: Buffer
    /// The channel mixer's gate and up halves, `(tokens, I)` each.
    let mlpGate, mlpUp: Buffer
    /// A product on its way to the residual stream, `(tokens, H)`.
    let sum: Buffer

    init(_ configuration: MatMulFreeConfiguration, workspace: Workspace, device: Device) throws {
        self.configuration = configuration
        self.workspace = workspace
        let sizes = Sizes(configuration, capacity: workspace.capacity)
        func make(_ byteCount: Int, _ label: String) throws -> Buffer {
            try device.makeBuffer(byteCount: byteCount, memory: .device, label: label)
        }
        weighted = try make(sizes.weighted, "weighted rows")
        codes = try make(sizes.codes, "codes")
        rootInverse = try make(sizes.factors, "root inverses")
        step = try make(sizes.factors, "steps")
        codeSum = try make(sizes.factors, "code sums")
        mlpGate = try make(sizes.mlpHalf, "gate half")
        mlpUp = try make(sizes.mlpHalf, "up half")
        sum = try make(sizes.sum, "sum")
    }

    /// Bytes of each buffer; there are three of factors and two halves.
    struct Sizes {
        let weighted, codes, factors, mlpHalf, sum: Int

        init(_ configuration: MatMulFreeConfiguration, capacity: Int) {
            let widest = paddedWidth(max(configuration.hiddenSize, configuration.stateSize, configuration.intermediateSize))
            weighted = widest * 4 * capacity
            codes = widest * capacity
            factors = 4 * capacity
            mlpHalf = paddedWidth(configuration.intermediateSize) * 4 * capacity
            sum = paddedWidth(configuration.hiddenSize) * 4 * capacity
        }

        var deviceBytes: Int { weighted + codes + 3 * factors + 2 * mlpHalf + sum }
    }

    /// norm, quantise, product; ends with a barrier.
    func addBitLinear(
        x: BufferSlice, statistic: BufferSlice, outer: BufferSlice?, epsilon: Float?, combined: BufferSlice, matrix: BufferSlice,
        rows: Int, columns: Int, scale: Float, tokens: Int, y: BufferSlice, yStride: Int, to plan: inout Plan
    ) {
        addQuantization(
            x: x, statistic: statistic, outer: outer, epsilon: epsilon, combined: combined, columns: columns, tokens: tokens,
            to: &plan)
        addProduct(matrix, rows: rows, columns: columns, scale: scale, tokens: tokens, y: y, yStride: yStride, to: &plan)
        plan.barrier()
    }

    private func addQuantization(
        x: BufferSlice, statistic: BufferSlice, outer: BufferSlice?, epsilon: Float?, combined: BufferSlice, columns: Int,
        tokens: Int, to plan: inout Plan
    ) {
        plan.dispatch(
            RMSNorm(tokens: tokens, columns: columns, outerEpsilon: epsilon),
            [x, statistic, outer ?? combined, combined, BufferSlice(weighted), BufferSlice(rootInverse)])
        plan.barrier()
        plan.dispatch(
            Quantize(tokens: tokens, columns: columns),
            [
                BufferSlice(weighted), BufferSlice(rootInverse), BufferSlice(codes), BufferSlice(step), BufferSlice(codeSum),
            ])
        plan.barrier()
    }

    private func addProduct(
        _ matrix: BufferSlice, rows: Int, columns: Int, scale: Float, tokens: Int, y: BufferSlice, yStride: Int,
        to plan: inout Plan
    ) {
        plan.dispatch(
            TernaryMatmul(tokens: tokens, rows: rows, columns: columns, yStride: yStride, scale: scale),
            [BufferSlice(codes), BufferSlice(step), BufferSlice(codeSum), matrix, y])
    }

    /// From the residual stream to the gated output; ends with a barrier.
    func addMixer(_ layer: DeviceWeights.Layer, state: BufferSlice, tokens: Int, to plan: inout Plan) {
        let (hidden, channels) = (configuration.hiddenSize, configuration.stateSize)
        let stride = paddedWidth(channels)
        let x = BufferSlice(workspace.x)
        let projections: [(scale: Float, y: Buffer)] = [
            (layer.scales.input, workspace.input), (layer.scales.forget, workspace.forget), (layer.scales.gate, workspace.gate),
        ]
        for (index, projection) in projections.enumerated() {
            addBitLinear(
                x: x, statistic: x, outer: layer.mixerOuter, epsilon: configuration.normEpsilon,
                combined: layer.mixerCombined.part(index, of: 3), matrix: layer.mixerWeights.part(index, of: 3), rows: channels,
                columns: hidden, scale: projection.scale, tokens: tokens, y: BufferSlice(projection.y), yStride: stride,
                to: &plan)
        }
        plan.dispatch(
            MLGRUGates(tokens: tokens, channels: channels, hasLowerBound: layer.hasLowerBound),
            [BufferSlice(workspace.input), BufferSlice(workspace.forget), layer.lowerBound])
        plan.barrier()
        plan.dispatch(
            MLGRU(tokens: tokens, channels: channels),
            [BufferSlice(workspace.forget), BufferSlice(workspace.input), state, BufferSlice(workspace.hidden)])
        plan.barrier()
        plan.dispatch(
            OutputGate(count: tokens * stride),
            [BufferSlice(workspace.gate), BufferSlice(workspace.hidden), BufferSlice(workspace.gated)])
        plan.barrier()
    }

    /// From the residual stream to SiLU(gate) * up; ends with a barrier.
    func addChannelMixer(_ layer: DeviceWeights.Layer, tokens: Int, to plan: inout Plan) {
        let (hidden, channels) = (configuration.hiddenSize, configuration.intermediateSize)
        let stride = paddedWidth(channels)
        let x = BufferSlice(workspace.x)
        addQuantization(
            x: x, statistic: x, outer: layer.mlpOuter, epsilon: configuration.normEpsilon, combined: layer.mlpCombined,
            columns: hidden, tokens: tokens, to: &plan)
        for (half, y) in [mlpGate, mlpUp].enumerated() {
            addProduct(
                layer.mlpWeights.part(half, of: 2), rows: channels, columns: hidden, scale: layer.scales.mlp, tokens: tokens,
                y: BufferSlice(y), yStride: stride, to: &plan)
        }
        plan.barrier()
        plan.dispatch(
            GLU(count: tokens * stride), [BufferSlice(mlpGate), BufferSlice(mlpUp), BufferSlice(workspace.product)])
        plan.barrier()
    }
}

extension BufferSlice {
    /// One of several equal parts.
    fileprivate func part(_ index: Int, of count: Int) -> BufferSlice {
        BufferSlice(buffer, offset: offset + index * (byteCount / count), byteCount: byteCount / count)
    }
}
