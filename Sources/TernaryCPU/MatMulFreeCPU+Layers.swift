import CTernary
import TernaryCore

/// The two halves of a layer and the head, each a pair of quantising and multiplying.
extension MatMulFreeCPU {
    /// MLGRU, output gate, o_proj and residual.
    ///
    /// - Parameter states: where the state that each token of the block advances begins.
    func tokenMixer(_ index: Int, states starts: [Int], first: Int) {
        let count = starts.count
        let (layer, norm, kernels) = (weights.layers[index], norms[index], kernels)
        let (hiddenSize, stateSize) = (weights.configuration.hiddenSize, weights.configuration.stateSize)
        let (stream, gates, gated) = (residual.base, gateRows.base, gatedRows.base)
        let layerStates = recurrent.base + index * stateSize
        let states = statesForObserver()

        quantize(stream, count: count, norms: [norm.input, norm.forget, norm.gate])
        Self.withRow(layer.lowerBound) { lowerBound in
            multiply([layer.input.matrix, layer.forget.matrix, layer.gate.matrix], by: [0, 1, 2], count: count) {
                token, rows, products in
                let at = token * stateSize + rows.lowerBound
                let state = layerStates + starts[token] + rows.lowerBound
                kernels.mlgru(
                    products[0], products[1], products[2], lowerBound.map { $0 + rows.lowerBound }, state, gates + at,
                    gated + at, rows.count)
                if let states { (states + at).update(from: state, count: rows.count) }
            }
        }
        if let states { report(.state, layer: index, first: first, count: count, states, width: stateSize) }
        report(.gated, layer: index, first: first, count: count, gated, width: stateSize)

        quantize(gated, statistic: gates, count: count, norms: [norm.output])
        addToStream(layer.output.matrix, count: count)
        report(.mixed, layer: index, first: first, count: count, stream, width: hiddenSize)
    }

    /// GLU, down_proj and residual.
    func channelMixer(_ index: Int, count: Int, first: Int) {
        let (layer, norm, kernels) = (weights.layers[index], norms[index], kernels)
        let (stream, products) = (residual.base, productRows.base)
        let (hiddenSize, width) = (weights.configuration.hiddenSize, weights.configuration.intermediateSize)

        quantize(stream, count: count, norms: [norm.gateUp])
        multiply([layer.mlpGate, layer.mlpUp], by: [0, 0], count: count) { token, rows, halves in
            kernels.glu(halves[0], halves[1], products + token * width + rows.lowerBound, rows.count)
        }
        report(.product, layer: index, first: first, count: count, products, width: width)

        quantize(products, count: count, norms: [norm.down])
        addToStream(layer.down.matrix, count: count)
        report(.output, layer: index, first: first, count: count, stream, width: hiddenSize)
    }

    /// Adds the product with the quantised block to the residual stream.
    private func addToStream(_ matrix: TernaryMatrix, count: Int) {
        let (kernels, stream, width) = (kernels, residual.base, weights.configuration.hiddenSize)
        multiply([matrix], by: [0], count: count) { token, rows, products in
            kernels.residual(products[0], stream + token * width + rows.lowerBound, rows.count)
        }
    }

    /// Writes the logits of a range of the block's tokens, `(tokens, V)`.
    func head(_ tokens: Range<Int>, first: Int, into logits: UnsafeMutablePointer<Float>) {
        let (matrix, kernels) = (weights.head.matrix, kernels)
        let stream = residual.base + tokens.lowerBound * weights.configuration.hiddenSize
        quantize(stream, count: tokens.count, norms: [headNorm])
        multiply([matrix], by: [0], count: tokens.count) { token, rows, products in
            kernels.scale(products[0], logits + token * matrix.rows + rows.lowerBound, rows.count)
        }
        report(
            .logits, layer: 0, first: first + tokens.lowerBound, count: tokens.count, logits, width: matrix.rows)
    }
}
