import TernaryCore

/// The channel mixer's product: SiLU(gate) * up.
public func glu(gate: Float, up: Float) -> Float { Exact.settle(Exact.silu(gate) * up) }

/// A feed-forward network's product: activation(gate) * up.
public func glu(gate: Float, up: Float, _ activation: TransformerConfiguration.Activation) -> Float {
    switch activation {
    case .silu: return glu(gate: gate, up: up)
    case .squaredReLU:
        let positive = max(gate, 0)
        return Exact.settle(Exact.settle(positive * positive) * up)
    }
}
