import TernaryCore

/// What leaves the MLGRU before its norm: the gate projection times SiLU of the state. The norm is on the gate.
public func outputGate(_ zg: Float, state h: Float) -> Float { Exact.settle(zg * Exact.silu(h)) }
