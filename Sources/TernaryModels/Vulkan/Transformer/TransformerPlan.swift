import TernaryCore
import TernaryKernels
import VulkanCompute

/// Builds the passes of a transformer over a device's buffers.
struct TransformerPlan {
    let configuration: TransformerConfiguration
    let weights: TransformerDeviceWeights
    let workspace: TransformerWorkspace
    /// Tokens the pass takes.
    let tokens: Int
    /// Whether they are one sequence's, in order; else one each of several sequences.
    let isPrompt: Bool
    /// Chunks of keys that the pass's last position needs, or more.
    let chunks: Int
    /// The step of the submission that this pass is.
    var step = 0
    /// Whether norm, quantisation and product are dispatches of their own.
    let isUnfused: Bool
    let logits: LogitRows
    /// Where logits go.
    let logitRows: Buffer

    private var hiddenStride: Int { paddedWidth(configuration.hiddenSize) }

    /// Embedding, blocks, and the head where logits are wanted.
    func make() -> Plan {
        var plan = Plan()
        for part in weights.embedding.parts {
            plan.dispatch(
                DenseEmbedding(tokens: tokens, rows: part.rows, layout: weights.embedding.layout),
                [BufferSlice(workspace.tokens), part.weights, part.scales, BufferSlice(workspace.x)])
        }
        plan.barrier()
        plan.mark(.embedding, marked(workspace.x, width: configuration.hiddenSize))
        for index in weights.layers.indices { addBlock(index, to: &plan) }
        addHead(to: &plan)
        return plan
    }

    private func marked(_ buffer: Buffer, width: Int, stride: Int? = nil) -> Plan.Rows {
        Plan.Rows(buffer: buffer, count: tokens, width: width, stride: stride ?? paddedWidth(width))
    }

    private var rows: BufferSlice {
        BufferSlice(workspace.rows, offset: step * workspace.sizes.rowsEach, byteCount: tokens * 8)
    }

    private func addBlock(_ index: Int, to plan: inout Plan) {
        let layer = weights.layers[index]
        let products = TransformerProducts(workspace: workspace, buffer: layer.buffer, tokens: tokens, isUnfused: isUnfused)
        let shape = workspace.shape
        let x = BufferSlice(workspace.x)
        for linear in layer.queryKeyValue {
            products.add(
                linear.group, x: x, y: workspace.qkv, yStride: shape.qkvStride,
                firstColumn: layer.queryKeyValue.count == 1 ? nil : linear.firstColumn, to: &plan)
        }
        addAttention(layer, cache: BufferSlice(workspace.caches[index]), to: &plan)
        plan.mark(
            .attended, layer: index, marked(workspace.attended, width: configuration.queryWidth, stride: shape.attendedStride))
        products.add(
            layer.output, x: BufferSlice(workspace.attended), y: workspace.x, yStride: hiddenStride, addsResidual: true, to: &plan
        )
        plan.mark(.mixed, layer: index, marked(workspace.x, width: configuration.hiddenSize))
        products.addGLU(
            layer.gateUp, x: x, channels: configuration.intermediateSize, activation: configuration.activation, to: &plan)
        plan.mark(.product, layer: index, marked(workspace.product, width: configuration.intermediateSize))
        products.add(
            layer.down, x: BufferSlice(workspace.product), y: workspace.x, yStride: hiddenStride, addsResidual: true, to: &plan)
        plan.mark(.output, layer: index, marked(workspace.x, width: configuration.hiddenSize))
    }

    /// From q, k and v to attention's result; ends with a barrier.
    private func addAttention(_ layer: TransformerDeviceWeights.Layer, cache: BufferSlice, to plan: inout Plan) {
        let (shape, mostPages) = (workspace.shape, workspace.sizes.pagesEach)
        let (qkv, pages, attended) = (
            BufferSlice(workspace.qkv), BufferSlice(workspace.pages), BufferSlice(workspace.attended)
        )
        let turns = BufferSlice(workspace.turns)
        let norms = layer.headNorms.map { layer.buffer.tensor($0) } ?? turns
        if isPrompt && tokens > 1 {
            let query = BufferSlice(workspace.query)
            plan.dispatch(
                RotateCache(
                    tokens: tokens, shape: shape, mostPages: mostPages, normsQuery: layer.normsQuery, normsKey: layer.normsKey,
                    epsilon: configuration.normEpsilon),
                [qkv, rows, pages, turns, norms, query, cache])
            plan.barrier()
            plan.dispatch(
                AttentionPrompt(tokens: tokens, shape: shape, mostPages: mostPages), [query, rows, pages, cache, attended])
        } else {
            plan.dispatch(
                AttentionStep(
                    tokens: tokens, shape: shape, chunks: chunks, mostPages: mostPages, normsQuery: layer.normsQuery,
                    normsKey: layer.normsKey, epsilon: configuration.normEpsilon),
                [
                    qkv, rows, pages, turns, norms, cache, BufferSlice(workspace.partial), BufferSlice(workspace.arrivals),
                    attended,
                ])
        }
        plan.barrier()
    }

    private func addHead(to plan: inout Plan) {
        let wanted: Range<Int>
        switch logits {
        case .none: return
        case .all: wanted = 0..<tokens
        case .last: wanted = tokens - 1..<tokens
        }
        var (from, to) = (BufferSlice(workspace.x), BufferSlice(workspace.normed))
        for (index, norm) in weights.headNorms.enumerated() {
            plan.dispatch(
                NormRows(
                    rows: index == 0 ? wanted : 0..<wanted.count, columns: configuration.hiddenSize, epsilon: norm.epsilon),
                [from, norm.weight, to])
            plan.barrier()
            (from, to) = (to, BufferSlice(index == 0 ? workspace.normedTwice : workspace.normed))
        }
        let (head, vocabulary) = (weights.head ?? weights.embedding, configuration.vocabularySize)
        for part in head.parts {
            plan.dispatch(
                DenseMatmul(
                    tokens: wanted.count, rows: part.rows, layout: head.layout, yStride: vocabulary, hasBias: head.bias != nil),
                [from, part.weights, part.scales, head.bias ?? part.scales, BufferSlice(logitRows)])
        }
        plan.barrier()
        plan.mark(.logits, Plan.Rows(buffer: logitRows, count: wanted.count, width: vocabulary, stride: vocabulary))
    }
}
