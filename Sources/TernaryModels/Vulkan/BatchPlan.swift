import TernaryCore
import TernaryKernels
import VulkanCompute

/// A step of many sequences as eight phases a block, each of which waits for the one before: products, and between two products one
/// dispatch for all that happens to a row.
///
/// `MatMulFreePlan` takes twelve in its unfused form: there the recurrence, the residual stream and the channel mixer's product are
/// dispatches of their own, as prompts need them and as observers look at them. The bits are the same.
struct BatchPlan {
    let configuration: MatMulFreeConfiguration
    let weights: DeviceWeights
    let workspace: Workspace
    let unfused: UnfusedWorkspace
    let batch: BatchWorkspace
    /// Sequences that the pass steps.
    let rows: Int

    /// Whether a device can bind what the largest of the kernels does.
    static func fits(_ device: DeviceDescription) -> Bool { device.maxBindings >= MLGRUStepQuantize.bindings }

    private var x: BufferSlice { BufferSlice(workspace.x) }
    private var sum: BufferSlice { BufferSlice(unfused.sum) }

    /// From the batch's tokens to its logits.
    func make() -> Plan {
        var plan = Plan()
        for part in weights.embedding {
            plan.dispatch(
                Embedding(tokens: rows, columns: configuration.hiddenSize, element: weights.embeddingElement, rows: part.rows),
                [BufferSlice(batch.tokens), part.slice, x])
        }
        plan.barrier()
        if let first = weights.layers.first {
            unfused.addQuantization(
                x: x, statistic: x, outer: first.mixerOuter, epsilon: configuration.normEpsilon, combined: first.mixerCombined,
                norms: 3, columns: configuration.hiddenSize, tokens: rows, to: &plan)
        }
        for index in weights.layers.indices { addBlock(index, to: &plan) }
        unfused.addProduct(
            weights.headWeights, rows: configuration.vocabularySize, columns: configuration.hiddenSize, scale: weights.headScale,
            tokens: rows, y: BufferSlice(batch.logits), yStride: configuration.vocabularySize, to: &plan)
        plan.barrier()
        return plan
    }

    /// From the quantised residual stream to that of the next block, or of the head.
    private func addBlock(_ index: Int, to plan: inout Plan) {
        let layer = weights.layers[index]
        let (channels, intermediate) = (configuration.stateSize, configuration.intermediateSize)
        unfused.addMixerProducts(layer, tokens: rows, to: &plan)
        plan.barrier()
        let stateBytes = MatMulFreePlan.stateRowBytes(configuration)
        plan.dispatch(
            MLGRUStepQuantize(
                rows: rows, channels: channels, stateStride: stateBytes / 4, outerEpsilon: configuration.normEpsilon,
                hasLowerBound: layer.hasLowerBound),
            [
                BufferSlice(workspace.input), BufferSlice(workspace.forget), BufferSlice(workspace.gate), layer.lowerBound,
                BufferSlice(batch.sequences),
                BufferSlice(
                    workspace.state,
                    offset: MatMulFreePlan.stateOffset(configuration, layer: index, sequence: 0, of: workspace.sequences),
                    byteCount: workspace.sequences * stateBytes), layer.outputOuter, layer.outputCombined,
            ] + unfused.quantized(0, columns: channels, tokens: rows))
        plan.barrier()
        addProduct(layer.outputWeights, columns: channels, scale: layer.scales.output, to: &plan)
        addResidual(layer.mlpOuter, layer.mlpCombined, norms: 1, to: &plan)

        unfused.addChannelMixerProducts(layer, tokens: rows, to: &plan)
        plan.barrier()
        plan.dispatch(
            GLUQuantize(tokens: rows, columns: intermediate),
            [BufferSlice(unfused.mlpGate), BufferSlice(unfused.mlpUp), layer.downNorm, layer.downNorm]
                + unfused.quantized(0, columns: intermediate, tokens: rows))
        plan.barrier()
        addProduct(layer.downWeights, columns: intermediate, scale: layer.scales.down, to: &plan)
        if index + 1 < weights.layers.count {
            let next = weights.layers[index + 1]
            addResidual(next.mixerOuter, next.mixerCombined, norms: 3, to: &plan)
        } else {
            addResidual(weights.headOuter, weights.headCombined, norms: 1, to: &plan)
        }
    }

    /// What a block's mixers add to the residual stream; ends with a barrier.
    private func addProduct(_ matrix: BufferSlice, columns: Int, scale: Float, to plan: inout Plan) {
        let hidden = configuration.hiddenSize
        unfused.addProduct(
            matrix, rows: hidden, columns: columns, scale: scale, tokens: rows, y: sum, yStride: paddedWidth(hidden), to: &plan)
        plan.barrier()
    }

    /// Adds it and quantises the residual stream; ends with a barrier.
    private func addResidual(_ outer: BufferSlice, _ combined: BufferSlice, norms: Int, to plan: inout Plan) {
        let hidden = configuration.hiddenSize
        plan.dispatch(
            ResidualQuantize(
                tokens: rows, columns: hidden, norms: norms, plane: unfused.plane,
                norm: RowNorm(outerEpsilon: configuration.normEpsilon)),
            [x, sum, outer, combined, BufferSlice(unfused.codes), BufferSlice(unfused.step), BufferSlice(unfused.codeSum)])
        plan.barrier()
    }
}
