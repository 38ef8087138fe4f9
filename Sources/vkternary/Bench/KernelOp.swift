/// What `bench kernels` measures, by the names of the shaders; a BitLinear also as the dispatches that it is made of.
enum KernelOp: String, CaseIterable {
    case embedding, rmsnorm, quantize
    case normQuantize = "norm_quantize"
    /// Three weightings of a row, for the MLGRU's three projections.
    case normQuantize3 = "norm_quantize_3"
    /// Without matrix units.
    case ternaryMatmul = "ternary_matmul"
    case ternaryMatmulUnits = "ternary_matmul_units"
    case bitlinearFused = "bitlinear_fused"
    /// rmsnorm, quantize and ternary_matmul: the baseline.
    case bitlinearUnfused = "bitlinear_unfused"
    /// norm_quantize and ternary_matmul: as prompts run.
    case bitlinearSplit = "bitlinear_split"
    case glu
    case gluFused = "glu_fused"
    case mlgru
    case mlgruFused = "mlgru_fused"
    case mlgruGates = "mlgru_gates"
    case outputGate = "output_gate"
    case residual
    case gateQuantize = "gate_quantize"
    case gluQuantize = "glu_quantize"
    case residualQuantize = "residual_quantize"
    case mlgruStep = "mlgru_step"
    case mlgruStepQuantize = "mlgru_step_quantize"
    case mlgruFusedBatch = "mlgru_fused_batch"
    case argmax
    case ternaryUnpack = "ternary_unpack"
    case denseMatmul = "dense_matmul"
    case denseEmbedding = "dense_embedding"
    case normRows = "norm_rows"
    case attentionPrompt = "attention_prompt"

    /// Shapes on which it is measured: those that have one of these roles.
    var roles: MatrixShape.Roles {
        switch self {
        case .embedding, .argmax, .denseMatmul, .denseEmbedding: .head
        case .glu, .gluFused, .gluQuantize: .channels
        case .mlgru, .mlgruFused, .mlgruGates, .outputGate, .gateQuantize, .mlgruStep, .mlgruStepQuantize, .mlgruFusedBatch:
            .mixer
        case .attentionPrompt: .attention
        case .residual, .residualQuantize: .stream
        case .rmsnorm, .quantize, .normQuantize, .normQuantize3, .ternaryMatmul, .ternaryMatmulUnits, .bitlinearFused,
            .bitlinearUnfused, .bitlinearSplit, .ternaryUnpack, .normRows:
            .all
        }
    }
}
