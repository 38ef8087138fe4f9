import TernaryCore

/// MatMul-free LM in plain loops, one token at a time: the definition of right for every other backend.
public struct MatMulFreeReference: Sendable {
    /// The model's tensors.
    public let weights: MatMulFreeWeights
    private let norms: [LayerNorms]
    private let headNorm: InputNorm
    /// Recurrent state, `(L, D)`.
    public var state: [[Float]]

    /// A model at the start of a text.
    public init(_ weights: MatMulFreeWeights) {
        self.weights = weights
        norms = weights.layers.map { LayerNorms($0, epsilon: weights.configuration.normEpsilon) }
        headNorm = weights.headInputNorm
        state = Array(repeating: Array(repeating: 0, count: weights.configuration.stateSize), count: weights.layers.count)
    }

    /// Takes one token through all blocks and advances the state.
    ///
    /// - Parameter observe: is given the values of each stage, with the block's index.
    /// - Returns: the residual stream after the last block, `(H)`.
    public mutating func step(_ token: Int, observe: (Stage, Int, [Float]) -> Void = { _, _, _ in }) -> [Float] {
        var x = weights.embedding.row(token)
        observe(.embedding, 0, x)
        for index in weights.layers.indices {
            let layer = weights.layers[index]
            let norm = norms[index]

            let zi = bitLinear(x, norm: norm.input, layer.input.matrix)
            let zf = bitLinear(x, norm: norm.forget, layer.forget.matrix)
            let zg = bitLinear(x, norm: norm.gate, layer.gate.matrix)
            for channel in zi.indices {
                let gates = mlgruGates(input: zi[channel], forget: zf[channel], lowerBound: layer.lowerBound?[channel])
                state[index][channel] = mlgruStep(state[index][channel], forget: gates.forget, input: gates.input)
            }
            observe(.state, index, state[index])

            let gated = zip(zg, state[index]).map { outputGate($0, state: $1) }
            observe(.gated, index, gated)
            let mixed = bitLinear(gated, statistic: zg, norm: norm.output, layer.output.matrix)
            x = zip(x, mixed).map(residual)
            observe(.mixed, index, x)

            let gate = bitLinear(x, norm: norm.gateUp, layer.mlpGate)
            let up = bitLinear(x, norm: norm.gateUp, layer.mlpUp)
            let product = zip(gate, up).map { glu(gate: $0, up: $1) }
            observe(.product, index, product)
            let down = bitLinear(product, norm: norm.down, layer.down.matrix)
            x = zip(x, down).map(residual)
            observe(.output, index, x)
        }
        return x
    }

    /// Logits of the next token, `(V)`, from the residual stream after the last block.
    public func logits(_ x: [Float]) -> [Float] { bitLinear(x, norm: headNorm, weights.head.matrix) }

    /// The hidden state that upstream reports last: the residual stream after the final norm, `(H)`.
    public func finalHidden(_ x: [Float]) -> [Float] {
        rmsNorm(x, weight: weights.finalNorm, epsilon: weights.configuration.normEpsilon)
    }
}
