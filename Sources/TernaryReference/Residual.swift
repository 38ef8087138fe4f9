import TernaryCore

/// The residual stream after an addition.
public func residual(_ x: Float, _ y: Float) -> Float { Exact.settle(x + y) }
