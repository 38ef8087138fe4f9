/// What `bench kernels` measures, by the names of the shaders; a BitLinear also as the dispatches that it is made of. The CPU has some of
/// them, and some of its own.
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
    // The CPU's alone: `dense_matmul` is of binary16 there too, these are of other weights.
    case denseMatmulFloat32 = "dense_matmul_f32"
    case denseMatmulBFloat16 = "dense_matmul_bf16"
    case denseMatmulQ8 = "dense_matmul_q8_0"
    /// Ternary weights times floats.
    case ternaryMatmulFloats = "ternary_matmul_floats"
    /// A token's attention to so many tokens.
    case attentionStep = "attention_step"
    /// So many tokens' attention to one chunk of 64.
    case attentionChunk = "attention_chunk"
    case rotate
    /// Rounding keys and values into the cache.
    case keepKeys = "keep_keys"
    /// Bringing keys and values into the form in which they are multiplied.
    case recallKeys = "recall_keys"

    /// Shapes on which it is measured: those that have one of these roles.
    var roles: MatrixShape.Roles {
        switch self {
        case .embedding, .argmax, .denseMatmul, .denseEmbedding, .denseMatmulFloat32, .denseMatmulBFloat16, .denseMatmulQ8: .head
        case .glu, .gluFused, .gluQuantize: .channels
        case .mlgru, .mlgruFused, .mlgruGates, .outputGate, .gateQuantize, .mlgruStep, .mlgruStepQuantize, .mlgruFusedBatch:
            .mixer
        case .attentionPrompt, .attentionStep, .attentionChunk, .rotate, .keepKeys, .recallKeys: .attention
        case .residual, .residualQuantize: .stream
        case .rmsnorm, .quantize, .normQuantize, .normQuantize3, .ternaryMatmul, .ternaryMatmulUnits, .bitlinearFused,
            .bitlinearUnfused, .bitlinearSplit, .ternaryUnpack, .normRows, .ternaryMatmulFloats:
            .all
        }
    }
}
