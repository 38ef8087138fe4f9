import CTernary
import TernaryCore

/// The two halves of a block and the head.
extension TransformerCPU {
    /// q, k and v, their norms and turns, attention, o_proj and residual.
    func attentionBlock(_ index: Int, _ places: [TokenPlace], first: Int) {
        let (shape, count, stage) = (weights.configuration, places.count, stages[index])
        let (query, key, value) = (rows.query.base, rows.key.base, rows.value.base)
        let (queryWidth, keyValueWidth) = (shape.queryWidth, shape.keyValueWidth)
        prepare(stage.attention, rows.stream.base, count: count)
        multiply(stage.attention, count: count) { part, token, range, products in
            let out = part == 0 ? query + token * queryWidth : (part == 1 ? key : value) + token * keyValueWidth
            (out + range.lowerBound).update(from: products.first, count: range.count)
        }
        turnAndKeep(index, places)
        attend(index, places)
        report(.attended, layer: index, first: first, count: count, rows.attended.base, width: shape.queryWidth)

        prepare(stage.output, rows.attended.base, count: count)
        addToStream(stage.output, count: count)
        report(.mixed, layer: index, first: first, count: count, rows.stream.base, width: shape.hiddenSize)
    }

    /// Gate, up, their product, down_proj and residual.
    func feedForwardBlock(_ index: Int, count: Int, first: Int) {
        let (shape, stage, kernels, out) = (weights.configuration, stages[index], floatKernels, rows.product.base)
        let (width, isSquaredReLU) = (shape.intermediateSize, shape.activation == .squaredReLU)
        prepare(stage.gateUp, rows.stream.base, count: count)
        multiply(stage.gateUp, count: count) { _, token, range, halves in
            kernels.glu(halves.first, halves.second, isSquaredReLU, out + token * width + range.lowerBound, range.count)
        }
        report(.product, layer: index, first: first, count: count, out, width: width)

        prepare(stage.down, out, count: count)
        addToStream(stage.down, count: count)
        report(.output, layer: index, first: first, count: count, rows.stream.base, width: shape.hiddenSize)
    }

    /// Adds a stage's only product to the residual stream.
    private func addToStream(_ stage: ProjectionStage, count: Int) {
        let (kernels, stream, width) = (floatKernels, rows.stream.base, weights.configuration.hiddenSize)
        multiply(stage, count: count) { _, token, range, products in
            kernels.add(products.first, stream + token * width + range.lowerBound, range.count)
        }
    }

    /// Norms and turns queries and keys, and keeps keys and values.
    private func turnAndKeep(_ index: Int, _ places: [TokenPlace]) {
        let (shape, layer) = (weights.configuration, weights.layers[index])
        let (size, padded) = (shape.headSize, shape.paddedHeadSize)
        pool.run(places.count) { token, _ in
            let (place, query, key) = (
                places[token], rows.query.base + token * shape.queryWidth, rows.key.base + token * shape.keyValueWidth
            )
            turn(query, heads: shape.headCount, norm: layer.queryNorm, place.position)
            turn(key, heads: shape.keyValueHeadCount, norm: layer.keyNorm, place.position)
            for head in 0..<shape.headCount {
                floatKernels.factor(
                    query + head * size, rows.turned.base + (token * shape.headCount + head) * padded, size)
            }
            let within = place.position % KeyValueCache.pageTokens
            floatKernels.keep(cache.page(place.sequence, layer: index, position: place.position, values: false), within, key)
            floatKernels.keep(
                cache.page(place.sequence, layer: index, position: place.position, values: true), within,
                rows.value.base + token * shape.keyValueWidth)
        }
    }

    private func turn(_ heads: UnsafeMutablePointer<Float>, heads count: Int, norm: [Float]?, _ position: Int) {
        let size = weights.configuration.headSize
        let cosines = rotary.turn(position)
        for head in 0..<count {
            let row = heads + head * size
            if let norm { floatKernels.rms_norm(row, norm, size, weights.configuration.normEpsilon, row) }
            floatKernels.rotate(row, cosines, cosines + size / 2, size)
        }
    }

    /// Writes the logits of a range of the block's tokens, `(tokens, V)`.
    func head(_ tokens: Range<Int>, first: Int, into logits: UnsafeMutablePointer<Float>) {
        let vocabulary = headStage.projections[0].matrix.rows
        prepare(headStage, rows.stream.base + tokens.lowerBound * weights.configuration.hiddenSize, count: tokens.count)
        multiply(headStage, count: tokens.count) { _, token, range, products in
            (logits + token * vocabulary + range.lowerBound).update(from: products.first, count: range.count)
        }
        report(.logits, layer: 0, first: first + tokens.lowerBound, count: tokens.count, logits, width: vocabulary)
    }
}
