/// The norms in front of each ternary matrix of a block, prepared for `InputNorm`'s single pass.
public struct LayerNorms: Sendable, Equatable {
    /// In front of i_proj, f_proj and g_proj: one outer norm, three inner ones.
    public let input, forget, gate: InputNorm
    /// In front of o_proj: g_norm, whose mean square is the gate projection's.
    public let output: InputNorm
    /// In front of gate_proj.
    public let gateUp: InputNorm
    /// In front of down_proj: BitLinear's own only.
    public let down: InputNorm

    /// The norms of one block.
    public init(_ layer: MatMulFreeLayer, epsilon: Float) {
        func pair(_ outer: [Float], _ inner: [Float]) -> InputNorm {
            InputNorm(outer: outer, outerEpsilon: epsilon, inner: inner)
        }
        input = pair(layer.attentionNorm, layer.input.norm)
        forget = pair(layer.attentionNorm, layer.forget.norm)
        gate = pair(layer.attentionNorm, layer.gate.norm)
        output = pair(layer.gateNorm, layer.output.norm)
        gateUp = pair(layer.mlpNorm, layer.gateUpNorm)
        down = InputNorm(inner: layer.down.norm)
    }
}

extension MatMulFreeWeights {
    /// The final norm and the head's own.
    public var headInputNorm: InputNorm {
        InputNorm(outer: finalNorm, outerEpsilon: configuration.normEpsilon, inner: head.norm)
    }
}
