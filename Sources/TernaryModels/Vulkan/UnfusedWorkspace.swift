import TernaryCore
import TernaryKernels
import VulkanCompute

/// Norm, quantisation, product and epilogue as dispatches of their own, through device memory.
///
/// It gives the same bits as the fused form. As the baseline that the fused form is measured against, and for rows that shared memory
/// cannot hold, each of these is a dispatch. For prompts norms and quantisation are one, and so are a product and its epilogue.
struct UnfusedWorkspace {
    let configuration: MatMulFreeConfiguration
    let workspace: Workspace
    /// Whether norms and quantisation are one dispatch, and a product and what follows it.
    let usesEpilogues: Bool
    /// Rows between the codes of one weighting and the next, such that any device can bind what starts there.
    let plane: Int
    /// Weighted rows, where norms and quantisation are two dispatches.
    let weighted, rootInverse: Buffer
    /// Int8 codes and factors of up to three weightings.
    let codes, step, codeSum: Buffer
    /// The channel mixer's gate and up halves, `(tokens, I)` each, and a product on its way to the residual stream, `(tokens, H)`, where
    /// products have no epilogues: a batch's, and all of the baseline's.
    let mlpGate, mlpUp, sum: Buffer

    init(
        _ configuration: MatMulFreeConfiguration, workspace: Workspace, usesEpilogues: Bool, device: Device
    ) throws {
        self.configuration = configuration
        self.workspace = workspace
        self.usesEpilogues = usesEpilogues
        let sizes = Sizes(
            configuration, capacity: workspace.capacity, sequences: workspace.sequences, usesEpilogues: usesEpilogues)
        plane = sizes.plane
        func make(_ byteCount: Int, _ label: String) throws -> Buffer {
            try device.makeBuffer(byteCount: byteCount, memory: .device, label: label)
        }
        weighted = try make(sizes.weighted, "weighted rows")
        codes = try make(sizes.codes, "codes")
        rootInverse = try make(sizes.rootInverses, "root inverses")
        step = try make(sizes.factors, "steps")
        codeSum = try make(sizes.factors, "code sums")
        mlpGate = try make(sizes.mlpHalf, "gate half")
        mlpUp = try make(sizes.mlpHalf, "up half")
        sum = try make(sizes.sum, "sum")
    }

    /// Bytes of each buffer; there are two of factors and two halves.
    struct Sizes {
        let plane: Int
        let weighted, codes, rootInverses, factors, mlpHalf, sum: Int

        init(_ configuration: MatMulFreeConfiguration, capacity: Int, sequences: Int, usesEpilogues: Bool) {
            let weightedRows = usesEpilogues ? 1 : capacity
            let productRows = usesEpilogues ? min(capacity, sequences) : capacity
            let hidden = paddedWidth(configuration.hiddenSize)
            let widest = max(hidden, paddedWidth(configuration.stateSize), paddedWidth(configuration.intermediateSize))
            plane = (capacity + 63) / 64 * 64
            weighted = widest * 4 * weightedRows
            codes = max(widest, 3 * hidden) * plane
            rootInverses = 4 * weightedRows
            factors = 3 * 4 * plane
            mlpHalf = paddedWidth(configuration.intermediateSize) * 4 * productRows
            sum = hidden * 4 * productRows
        }

        var deviceBytes: Int { weighted + codes + rootInverses + 2 * factors + 2 * mlpHalf + sum }
    }

    /// norm, quantise, product, sum with the residual stream; ends with a barrier.
    ///
    /// - Parameter isQuantized: whether the first plane of codes holds what the product takes.
    func addResidualBitLinear(
        x: BufferSlice, statistic: BufferSlice, outer: BufferSlice?, epsilon: Float?, combined: BufferSlice, matrix: BufferSlice,
        rows: Int, columns: Int, scale: Float, isQuantized: Bool, tokens: Int, to plan: inout Plan
    ) {
        let (stream, stride) = (BufferSlice(workspace.x), paddedWidth(rows))
        guard usesEpilogues else {
            addBitLinear(
                x: x, statistic: statistic, outer: outer, epsilon: epsilon, combined: combined, matrix: matrix, rows: rows,
                columns: columns, scale: scale, tokens: tokens, y: BufferSlice(sum), yStride: stride, to: &plan)
            plan.dispatch(Residual(count: tokens * stride), [stream, BufferSlice(sum)])
            plan.barrier()
            return
        }
        if !isQuantized {
            addQuantization(
                x: x, statistic: statistic, outer: outer, epsilon: epsilon, combined: combined, columns: columns, tokens: tokens,
                to: &plan)
        }
        addProduct(
            matrix, rows: rows, columns: columns, scale: scale, epilogue: .add, tokens: tokens, y: stream, yStride: stride,
            to: &plan)
        plan.barrier()
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

    /// Fills the first planes of codes with one or three weightings of each row; ends with a barrier.
    func addQuantization(
        x: BufferSlice, statistic: BufferSlice, outer: BufferSlice?, epsilon: Float?, combined: BufferSlice, norms: Int = 1,
        columns: Int, tokens: Int, to plan: inout Plan
    ) {
        if usesEpilogues {
            plan.dispatch(
                NormQuantize(
                    tokens: tokens, columns: columns, norms: norms, plane: plane, norm: RowNorm(outerEpsilon: epsilon),
                    hasSeparateStatistic: outer != nil && statistic.buffer !== x.buffer),
                [
                    x, statistic, outer ?? combined, combined, BufferSlice(codes), BufferSlice(step), BufferSlice(codeSum),
                ])
            plan.barrier()
            return
        }
        for norm in 0..<norms {
            let weight = combined.part(norm, of: norms)
            plan.dispatch(
                RMSNorm(tokens: tokens, columns: columns, norm: RowNorm(outerEpsilon: epsilon)),
                [x, statistic, outer ?? weight, weight, BufferSlice(weighted), BufferSlice(rootInverse)])
            plan.barrier()
            plan.dispatch(
                Quantize(tokens: tokens, columns: columns),
                [BufferSlice(weighted), BufferSlice(rootInverse)] + quantized(norm, columns: columns, tokens: tokens))
            plan.barrier()
        }
    }

    /// Codes, steps and code sums of one weighting.
    func quantized(_ norm: Int, columns: Int, tokens: Int) -> [BufferSlice] {
        let width = paddedWidth(columns)
        return [
            BufferSlice(codes, offset: norm * plane * width, byteCount: tokens * width),
            BufferSlice(step, offset: norm * plane * 4, byteCount: tokens * 4),
            BufferSlice(codeSum, offset: norm * plane * 4, byteCount: tokens * 4),
        ]
    }

    func addProduct(
        _ matrix: BufferSlice, of norm: Int = 0, rows: Int, columns: Int, scale: Float,
        epilogue: TernaryMatmul.Epilogue = .store, tokens: Int, y: BufferSlice, yStride: Int, to plan: inout Plan
    ) {
        plan.dispatch(
            TernaryMatmul(
                tokens: tokens, rows: rows, columns: columns, yStride: yStride, terms: .matrix(scale: scale), epilogue: epilogue),
            quantized(norm, columns: columns, tokens: tokens) + [matrix, BufferSlice(step), y])
    }

    /// From the residual stream to i_proj, f_proj and g_proj; ends with a barrier.
    func addMixerProjections(_ layer: DeviceWeights.Layer, tokens: Int, to plan: inout Plan) {
        let x = BufferSlice(workspace.x)
        addQuantization(
            x: x, statistic: x, outer: layer.mixerOuter, epsilon: configuration.normEpsilon, combined: layer.mixerCombined,
            norms: 3, columns: configuration.hiddenSize, tokens: tokens, to: &plan)
        addMixerProducts(layer, tokens: tokens, to: &plan)
        plan.barrier()
    }

    /// From three planes of codes to i_proj, f_proj and g_proj.
    func addMixerProducts(_ layer: DeviceWeights.Layer, tokens: Int, to plan: inout Plan) {
        for projection in Projection.allCases { addProduct(projection, of: layer, tokens: tokens, to: &plan) }
    }

    /// In the order of their matrices.
    private enum Projection: Int, CaseIterable {
        case input, forget, gate
    }

    private func addProduct(
        _ projection: Projection, of layer: DeviceWeights.Layer, epilogue: TernaryMatmul.Epilogue = .store, tokens: Int,
        to plan: inout Plan
    ) {
        let (scale, y) =
            switch projection {
            case .input: (layer.scales.input, workspace.input)
            case .forget: (layer.scales.forget, workspace.forget)
            case .gate: (layer.scales.gate, workspace.gate)
            }
        addProduct(
            layer.mixerWeights.part(projection.rawValue, of: 3), of: projection.rawValue, rows: configuration.stateSize,
            columns: configuration.hiddenSize, scale: scale, epilogue: epilogue, tokens: tokens, y: BufferSlice(y),
            yStride: paddedWidth(configuration.stateSize), to: &plan)
    }

    /// From the residual stream to the gated output of one sequence, and with epilogues to its codes; ends with a barrier.
    func addMixer(_ layer: DeviceWeights.Layer, state: BufferSlice, tokens: Int, to plan: inout Plan) {
        let (x, channels) = (BufferSlice(workspace.x), configuration.stateSize)
        addQuantization(
            x: x, statistic: x, outer: layer.mixerOuter, epsilon: configuration.normEpsilon, combined: layer.mixerCombined,
            norms: 3, columns: configuration.hiddenSize, tokens: tokens, to: &plan)
        var gates = MLGRU.Gates.whole
        addProduct(.input, of: layer, epilogue: usesEpilogues ? .silu : .store, tokens: tokens, to: &plan)
        addProduct(.forget, of: layer, epilogue: usesEpilogues ? .sigmoid : .store, tokens: tokens, to: &plan)
        plan.barrier()
        if usesEpilogues {
            gates = layer.hasLowerBound ? .bounded : .unbounded
        } else {
            plan.dispatch(
                MLGRUGates(tokens: tokens, channels: channels, hasLowerBound: layer.hasLowerBound),
                [BufferSlice(workspace.input), BufferSlice(workspace.forget), layer.lowerBound])
            plan.barrier()
        }
        // The recurrence leaves most of a device idle: g_proj's product runs beside it.
        plan.dispatch(
            MLGRU(tokens: tokens, channels: channels, gates: gates),
            [
                BufferSlice(workspace.forget), BufferSlice(workspace.input), state, BufferSlice(workspace.hidden),
                layer.lowerBound,
            ])
        addProduct(.gate, of: layer, tokens: tokens, to: &plan)
        plan.barrier()
        let operands = [BufferSlice(workspace.gate), BufferSlice(workspace.hidden), BufferSlice(workspace.gated)]
        if usesEpilogues {
            plan.dispatch(
                GateQuantize(tokens: tokens, channels: channels, outerEpsilon: configuration.normEpsilon),
                operands + [layer.outputOuter, layer.outputCombined] + quantized(0, columns: channels, tokens: tokens))
        } else {
            plan.dispatch(OutputGate(count: tokens * paddedWidth(channels)), operands)
        }
        plan.barrier()
    }

    /// From the residual stream to SiLU(gate) * up; ends with a barrier.
    func addChannelMixer(_ layer: DeviceWeights.Layer, tokens: Int, to plan: inout Plan) {
        let x = BufferSlice(workspace.x)
        addQuantization(
            x: x, statistic: x, outer: layer.mlpOuter, epsilon: configuration.normEpsilon, combined: layer.mlpCombined,
            columns: configuration.hiddenSize, tokens: tokens, to: &plan)
        let (channels, product) = (configuration.intermediateSize, BufferSlice(workspace.product))
        if usesEpilogues {
            addProduct(
                layer.mlpWeights, rows: channels, columns: configuration.hiddenSize, scale: layer.scales.mlp, epilogue: .glu,
                tokens: tokens, y: product, yStride: paddedWidth(channels), to: &plan)
        } else {
            addChannelMixerProducts(layer, tokens: tokens, to: &plan)
            plan.barrier()
            plan.dispatch(
                GLU(count: tokens * paddedWidth(channels)), [BufferSlice(mlpGate), BufferSlice(mlpUp), product])
        }
        plan.barrier()
    }

    /// From codes to the channel mixer's gate and up halves.
    func addChannelMixerProducts(_ layer: DeviceWeights.Layer, tokens: Int, to plan: inout Plan) {
        let (hidden, channels) = (configuration.hiddenSize, configuration.intermediateSize)
        for (half, y) in [mlpGate, mlpUp].enumerated() {
            addProduct(
                layer.mlpWeights.part(half, of: 2), rows: channels, columns: hidden, scale: layer.scales.mlp, tokens: tokens,
                y: BufferSlice(y), yStride: paddedWidth(channels), to: &plan)
        }
    }
}

extension BufferSlice {
    /// One of several equal parts.
    fileprivate func part(_ index: Int, of count: Int) -> BufferSlice {
        BufferSlice(buffer, offset: offset + index * (byteCount / count), byteCount: byteCount / count)
    }
}
