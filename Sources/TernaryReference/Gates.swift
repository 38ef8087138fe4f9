import TernaryCore

/// What leaves the MLGRU before its norm: the gate projection times SiLU of the state. The norm is on the gate.
public func outputGate(_ zg: Float, state h: Float) -> Float { Exact.settle(zg * Exact.silu(h)) }

/// The channel mixer's product: SiLU(gate) * up.
public func glu(gate: Float, up: Float) -> Float { Exact.settle(Exact.silu(gate) * up) }

/// The residual stream after an addition.
public func residual(_ x: Float, _ y: Float) -> Float { Exact.settle(x + y) }
