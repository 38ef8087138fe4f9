import TernaryCore
import TernaryKernels
import VulkanCompute

/// Builds the passes of a MatMul-free LM over a device's buffers.
struct MatMulFreePlan {
    let configuration: MatMulFreeConfiguration
    let weights: DeviceWeights
    let workspace: Workspace
    /// Buffers of the unfused form; nil where passes are fused.
    let unfused: UnfusedWorkspace?
    /// Whose tokens the pass takes.
    let rows: Rows
    /// Tokens the pass takes.
    let tokens: Int
    let logits: LogitRows

    /// Whose tokens the rows of a pass are.
    enum Rows {
        /// One sequence's, in time order.
        case sequence(Int)
        /// One each of the sequences that the batch names.
        case batch(BatchWorkspace)
    }

    private var batch: BatchWorkspace? { if case .batch(let batch) = rows { batch } else { nil } }
    /// The batch where rows have states of their own. The only row of an engine's only sequence is one of that sequence.
    private var steppedBatch: BatchWorkspace? { workspace.sequences > 1 ? batch : nil }
    private var logitRows: Buffer { batch?.logits ?? workspace.logits }

    private var hiddenStride: Int { paddedWidth(configuration.hiddenSize) }
    private var stateStride: Int { paddedWidth(configuration.stateSize) }

    /// Embedding, blocks, and the head where logits are wanted.
    func make() -> Plan {
        var plan = Plan()
        for part in weights.embedding {
            plan.dispatch(
                Embedding(
                    tokens: tokens, columns: configuration.hiddenSize, element: weights.embeddingElement, rows: part.rows),
                [BufferSlice(batch?.tokens ?? workspace.tokens), part.slice, BufferSlice(workspace.x)])
        }
        plan.barrier()
        plan.mark(.embedding, residualRows)
        for index in weights.layers.indices { addBlock(index, to: &plan) }
        addHead(to: &plan)
        return plan
    }

    private var residualRows: Plan.Rows {
        Plan.Rows(buffer: workspace.x, count: tokens, width: configuration.hiddenSize, stride: hiddenStride)
    }

    private func marked(_ buffer: Buffer, width: Int) -> Plan.Rows {
        Plan.Rows(buffer: buffer, count: tokens, width: width, stride: paddedWidth(width))
    }

    /// The state of the sequence that the pass takes.
    private func state(_ layer: Int) -> BufferSlice {
        var sequence = 0
        if case .sequence(let number) = rows { sequence = number }
        return BufferSlice(
            workspace.state,
            offset: Self.stateOffset(configuration, layer: layer, sequence: sequence, of: workspace.sequences),
            byteCount: stateStride * 4)
    }

    /// A block's states of all sequences.
    private func states(_ layer: Int) -> BufferSlice {
        BufferSlice(
            workspace.state,
            offset: Self.stateOffset(configuration, layer: layer, sequence: 0, of: workspace.sequences),
            byteCount: workspace.sequences * Self.stateRowBytes(configuration))
    }

    /// Where a block's state of a sequence begins: a block's states lie one behind the other.
    static func stateOffset(_ configuration: MatMulFreeConfiguration, layer: Int, sequence: Int, of sequences: Int) -> Int {
        (layer * sequences + sequence) * stateRowBytes(configuration)
    }

    /// Distance between two states: any device can bind such an offset.
    static func stateRowBytes(_ configuration: MatMulFreeConfiguration) -> Int {
        (paddedWidth(configuration.stateSize) * 4 + 255) / 256 * 256
    }

    private func addBlock(_ index: Int, to plan: inout Plan) {
        let layer = weights.layers[index]
        addMixer(index, to: &plan)
        plan.mark(.gated, layer: index, marked(workspace.gated, width: configuration.stateSize))

        addBitLinear(
            x: BufferSlice(workspace.gated), statistic: BufferSlice(workspace.gate), outer: layer.outputOuter,
            combined: layer.outputCombined, matrix: layer.outputWeights, rows: configuration.hiddenSize,
            columns: configuration.stateSize, scale: layer.scales.output,
            isQuantized: steppedBatch == nil && unfused?.usesEpilogues == true, to: &plan)
        plan.mark(.mixed, layer: index, residualRows)

        if let unfused {
            unfused.addChannelMixer(layer, tokens: tokens, to: &plan)
        } else {
            plan.dispatch(
                GLUFused(
                    tokens: tokens, channels: configuration.intermediateSize, columns: configuration.hiddenSize,
                    terms: .matrix(scale: layer.scales.mlp), norm: RowNorm(outerEpsilon: configuration.normEpsilon)),
                [
                    BufferSlice(workspace.x), layer.mlpOuter, layer.mlpCombined, layer.mlpWeights, layer.mlpCombined,
                    BufferSlice(workspace.product),
                ])
            plan.barrier()
        }
        plan.mark(.product, layer: index, marked(workspace.product, width: configuration.intermediateSize))

        let product = BufferSlice(workspace.product)
        addBitLinear(
            x: product, statistic: product, outer: nil, combined: layer.downNorm, matrix: layer.downWeights,
            rows: configuration.hiddenSize, columns: configuration.intermediateSize, scale: layer.scales.down, to: &plan)
        plan.mark(.output, layer: index, residualRows)
    }

    /// From the residual stream to the gated output; ends with a barrier.
    private func addMixer(_ index: Int, to plan: inout Plan) {
        let layer = weights.layers[index]
        let inputs = [
            BufferSlice(workspace.x), layer.mixerOuter, layer.mixerCombined, layer.mixerWeights, layer.lowerBound,
        ]
        let (forget, input) = (BufferSlice(workspace.forget), BufferSlice(workspace.input))
        let (gate, gated) = (BufferSlice(workspace.gate), BufferSlice(workspace.gated))
        let sequenceStride = Self.stateRowBytes(configuration) / 4
        switch (unfused, steppedBatch) {
        case (let unfused?, let batch?):
            unfused.addMixerProjections(layer, tokens: tokens, to: &plan)
            plan.dispatch(
                MLGRUStep(
                    rows: tokens, channels: configuration.stateSize, stateStride: sequenceStride,
                    hasLowerBound: layer.hasLowerBound),
                [input, forget, gate, layer.lowerBound, BufferSlice(batch.sequences), states(index), gated])
            plan.barrier()
        case (let unfused?, nil):
            unfused.addMixer(layer, state: state(index), tokens: tokens, to: &plan)
            plan.mark(.state, layer: index, marked(workspace.hidden, width: configuration.stateSize))
        case (nil, let batch?):
            plan.dispatch(
                MLGRUFusedBatch(mlgru(layer), rows: tokens, sequenceStride: sequenceStride),
                inputs + [states(index), gate, gated, BufferSlice(batch.sequences)])
            plan.barrier()
        case (nil, nil) where tokens == 1:
            plan.dispatch(mlgru(layer), inputs + [state(index), gate, gated])
            plan.barrier()
            plan.mark(
                .state, layer: index,
                Plan.Rows(
                    buffer: workspace.state, offset: state(index).offset, count: 1, width: configuration.stateSize,
                    stride: stateStride))
        case (nil, nil):
            plan.dispatch(mlgru(layer, sequence: tokens), inputs + [forget, gate, input])
            plan.barrier()
            addRecurrence(state: state(index), to: &plan)
            plan.mark(.state, layer: index, marked(workspace.hidden, width: configuration.stateSize))
        }
    }

    /// - Parameter sequence: tokens whose gates are wanted; nil for a step of one token.
    private func mlgru(_ layer: DeviceWeights.Layer, sequence: Int? = nil) -> MLGRUFused {
        MLGRUFused(
            tokens: sequence ?? 1, channels: configuration.stateSize, columns: configuration.hiddenSize,
            scales: (layer.scales.input, layer.scales.forget, layer.scales.gate), epsilon: configuration.normEpsilon,
            isSequence: sequence != nil, hasLowerBound: layer.hasLowerBound)
    }

    /// From the gates of a sequence to the gated output.
    private func addRecurrence(state: BufferSlice, to plan: inout Plan) {
        plan.dispatch(
            MLGRU(tokens: tokens, channels: configuration.stateSize),
            [
                BufferSlice(workspace.forget), BufferSlice(workspace.input), state, BufferSlice(workspace.hidden),
                BufferSlice(workspace.forget),
            ])
        plan.barrier()
        plan.dispatch(
            OutputGate(count: tokens * stateStride),
            [BufferSlice(workspace.gate), BufferSlice(workspace.hidden), BufferSlice(workspace.gated)])
        plan.barrier()
    }

    /// A BitLinear whose product is added to the residual stream.
    private func addBitLinear(
        x: BufferSlice, statistic: BufferSlice, outer: BufferSlice?, combined: BufferSlice, matrix: BufferSlice, rows: Int,
        columns: Int, scale: Float, isQuantized: Bool = false, to plan: inout Plan
    ) {
        let epsilon = outer == nil ? nil : configuration.normEpsilon
        if let unfused {
            unfused.addResidualBitLinear(
                x: x, statistic: statistic, outer: outer, epsilon: epsilon, combined: combined, matrix: matrix, rows: rows,
                columns: columns, scale: scale, isQuantized: isQuantized, tokens: tokens, to: &plan)
            return
        } else {
            plan.dispatch(
                BitLinearFused(
                    tokens: tokens, rows: rows, columns: columns, yStride: paddedWidth(rows), terms: .matrix(scale: scale),
                    norm: RowNorm(outerEpsilon: epsilon), addsResidual: true, hasSeparateStatistic: outer != nil),
                [x, statistic, outer ?? combined, combined, matrix, combined, BufferSlice(workspace.x)])
        }
        plan.barrier()
    }

    private func addHead(to plan: inout Plan) {
        let count: Int
        var x = BufferSlice(workspace.x)
        switch logits {
        case .none: return
        case .all: count = tokens
        case .last:
            count = 1
            if tokens > 1 {
                // To the front: a row's own offset need not be one that the device can bind.
                let last = BufferSlice(workspace.x, offset: (tokens - 1) * hiddenStride * 4, byteCount: hiddenStride * 4)
                x = BufferSlice(workspace.lastRow)
                plan.copy(from: last, to: x)
                plan.barrier()
            }
        }
        let vocabulary = configuration.vocabularySize
        if let unfused {
            unfused.addBitLinear(
                x: x, statistic: x, outer: weights.headOuter, epsilon: configuration.normEpsilon, combined: weights.headCombined,
                matrix: weights.headWeights, rows: vocabulary, columns: configuration.hiddenSize, scale: weights.headScale,
                tokens: count, y: BufferSlice(logitRows), yStride: vocabulary, to: &plan)
        } else {
            plan.dispatch(
                BitLinearFused(
                    tokens: count, rows: vocabulary, columns: configuration.hiddenSize, yStride: vocabulary,
                    terms: .matrix(scale: weights.headScale), norm: RowNorm(outerEpsilon: configuration.normEpsilon),
                    addsResidual: false),
                [
                    x, x, weights.headOuter, weights.headCombined, weights.headWeights, weights.headCombined,
                    BufferSlice(logitRows),
                ])
        }
        plan.barrier()
        plan.mark(.logits, Plan.Rows(buffer: logitRows, count: count, width: vocabulary, stride: vocabulary))
    }
}
