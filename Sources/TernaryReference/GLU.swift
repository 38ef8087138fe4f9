import TernaryCore

/// The channel mixer's product: SiLU(gate) * up.
public func glu(gate: Float, up: Float) -> Float { Exact.settle(Exact.silu(gate) * up) }
