import TernaryCore

/// The seven matrices of a transformer's block.
enum ProjectionRole: Int, CaseIterable, Sendable {
    case query, key, value, output, gate, up, down

    /// The module's name after `layers.N.`.
    var suffix: String {
        switch self {
        case .query: "self_attn.q_proj"
        case .key: "self_attn.k_proj"
        case .value: "self_attn.v_proj"
        case .output: "self_attn.o_proj"
        case .gate: "mlp.gate_proj"
        case .up: "mlp.up_proj"
        case .down: "mlp.down_proj"
        }
    }

    /// Rows and columns.
    func shape(_ configuration: TransformerConfiguration) -> (rows: Int, columns: Int) {
        configuration.projectionShapes[rawValue]
    }
}
