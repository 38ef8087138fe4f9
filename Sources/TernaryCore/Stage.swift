/// The values of a forward pass that backends are compared on, in the order in which a block computes them.
public enum Stage: String, Sendable, CaseIterable {
    /// Residual stream before the first block, `(H)`.
    case embedding
    /// MLGRU state after the token, `(D)`.
    case state
    /// Gate projection times SiLU of the state, before its norm, `(D)`.
    case gated
    /// Attention's result, before its norm, `(heads * head size)`.
    case attended
    /// Residual stream after the token mixer, `(H)`.
    case mixed
    /// SiLU(gate) * up, `(I)`.
    case product
    /// Residual stream after the channel mixer, `(H)`.
    case output
    /// `(V)`.
    case logits

    /// Those of a MatMul-free model, in order.
    public static let matMulFree: [Stage] = allCases.filter { $0 != .attended }
    /// Those of a transformer, in order.
    public static let transformer: [Stage] = allCases.filter { $0 != .state && $0 != .gated }
}
