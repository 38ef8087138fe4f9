// Generated from Shaders/variants.txt by scripts/kernel-table.py; do not edit.
// swift-format-ignore-file
import CShaders
import VulkanCompute

/// The builds of the kernels.
enum CompiledKernels {
    static let embedding = ShaderCode(
        name: "embedding", bytes: UnsafeRawBufferPointer(start: cshaders_embedding(), count: cshaders_embedding_size()))
    static let rmsnorm = ShaderCode(
        name: "rmsnorm", bytes: UnsafeRawBufferPointer(start: cshaders_rmsnorm(), count: cshaders_rmsnorm_size()))
    static let quantize = ShaderCode(
        name: "quantize", bytes: UnsafeRawBufferPointer(start: cshaders_quantize(), count: cshaders_quantize_size()))
    static let normQuantize = ShaderCode(
        name: "norm_quantize", bytes: UnsafeRawBufferPointer(start: cshaders_norm_quantize(), count: cshaders_norm_quantize_size()))
    static let normQuantize3 = ShaderCode(
        name: "norm_quantize_3", bytes: UnsafeRawBufferPointer(start: cshaders_norm_quantize_3(), count: cshaders_norm_quantize_3_size()))
    static let residualQuantize = ShaderCode(
        name: "residual_quantize", bytes: UnsafeRawBufferPointer(start: cshaders_residual_quantize(), count: cshaders_residual_quantize_size()))
    static let residualQuantize3 = ShaderCode(
        name: "residual_quantize_3", bytes: UnsafeRawBufferPointer(start: cshaders_residual_quantize_3(), count: cshaders_residual_quantize_3_size()))
    static let gluQuantize = ShaderCode(
        name: "glu_quantize", bytes: UnsafeRawBufferPointer(start: cshaders_glu_quantize(), count: cshaders_glu_quantize_size()))
    static let gateQuantize = ShaderCode(
        name: "gate_quantize", bytes: UnsafeRawBufferPointer(start: cshaders_gate_quantize(), count: cshaders_gate_quantize_size()))
    static let mlgruStepQuantize = ShaderCode(
        name: "mlgru_step_quantize", bytes: UnsafeRawBufferPointer(start: cshaders_mlgru_step_quantize(), count: cshaders_mlgru_step_quantize_size()))
    static let ternaryMatmul = ShaderCode(
        name: "ternary_matmul", bytes: UnsafeRawBufferPointer(start: cshaders_ternary_matmul(), count: cshaders_ternary_matmul_size()))
    static let ternaryMatmulDot = ShaderCode(
        name: "ternary_matmul_dot", bytes: UnsafeRawBufferPointer(start: cshaders_ternary_matmul_dot(), count: cshaders_ternary_matmul_dot_size()))
    static let ternaryMatmulUnits = ShaderCode(
        name: "ternary_matmul_units", bytes: UnsafeRawBufferPointer(start: cshaders_ternary_matmul_units(), count: cshaders_ternary_matmul_units_size()))
    static let ternaryMatmulUnits64 = ShaderCode(
        name: "ternary_matmul_units_64", bytes: UnsafeRawBufferPointer(start: cshaders_ternary_matmul_units_64(), count: cshaders_ternary_matmul_units_64_size()))
    static let ternaryUnpack = ShaderCode(
        name: "ternary_unpack", bytes: UnsafeRawBufferPointer(start: cshaders_ternary_unpack(), count: cshaders_ternary_unpack_size()))
    static let bitlinearFused = ShaderCode(
        name: "bitlinear_fused", bytes: UnsafeRawBufferPointer(start: cshaders_bitlinear_fused(), count: cshaders_bitlinear_fused_size()))
    static let bitlinearFusedDot = ShaderCode(
        name: "bitlinear_fused_dot", bytes: UnsafeRawBufferPointer(start: cshaders_bitlinear_fused_dot(), count: cshaders_bitlinear_fused_dot_size()))
    static let mlgru = ShaderCode(
        name: "mlgru", bytes: UnsafeRawBufferPointer(start: cshaders_mlgru(), count: cshaders_mlgru_size()))
    static let mlgruGates = ShaderCode(
        name: "mlgru_gates", bytes: UnsafeRawBufferPointer(start: cshaders_mlgru_gates(), count: cshaders_mlgru_gates_size()))
    static let mlgruFused = ShaderCode(
        name: "mlgru_fused", bytes: UnsafeRawBufferPointer(start: cshaders_mlgru_fused(), count: cshaders_mlgru_fused_size()))
    static let mlgruFusedDot = ShaderCode(
        name: "mlgru_fused_dot", bytes: UnsafeRawBufferPointer(start: cshaders_mlgru_fused_dot(), count: cshaders_mlgru_fused_dot_size()))
    static let mlgruFusedBatch = ShaderCode(
        name: "mlgru_fused_batch", bytes: UnsafeRawBufferPointer(start: cshaders_mlgru_fused_batch(), count: cshaders_mlgru_fused_batch_size()))
    static let mlgruFusedBatchDot = ShaderCode(
        name: "mlgru_fused_batch_dot", bytes: UnsafeRawBufferPointer(start: cshaders_mlgru_fused_batch_dot(), count: cshaders_mlgru_fused_batch_dot_size()))
    static let mlgruStep = ShaderCode(
        name: "mlgru_step", bytes: UnsafeRawBufferPointer(start: cshaders_mlgru_step(), count: cshaders_mlgru_step_size()))
    static let outputGate = ShaderCode(
        name: "output_gate", bytes: UnsafeRawBufferPointer(start: cshaders_output_gate(), count: cshaders_output_gate_size()))
    static let glu = ShaderCode(
        name: "glu", bytes: UnsafeRawBufferPointer(start: cshaders_glu(), count: cshaders_glu_size()))
    static let gluFused = ShaderCode(
        name: "glu_fused", bytes: UnsafeRawBufferPointer(start: cshaders_glu_fused(), count: cshaders_glu_fused_size()))
    static let gluFusedDot = ShaderCode(
        name: "glu_fused_dot", bytes: UnsafeRawBufferPointer(start: cshaders_glu_fused_dot(), count: cshaders_glu_fused_dot_size()))
    static let residual = ShaderCode(
        name: "residual", bytes: UnsafeRawBufferPointer(start: cshaders_residual(), count: cshaders_residual_size()))
    static let argmax = ShaderCode(
        name: "argmax", bytes: UnsafeRawBufferPointer(start: cshaders_argmax(), count: cshaders_argmax_size()))
    static let exactProbe = ShaderCode(
        name: "exact_probe", bytes: UnsafeRawBufferPointer(start: cshaders_exact_probe(), count: cshaders_exact_probe_size()))
    static let copyBandwidth = ShaderCode(
        name: "copy_bandwidth", bytes: UnsafeRawBufferPointer(start: cshaders_copy_bandwidth(), count: cshaders_copy_bandwidth_size()))
    static let int8Rate = ShaderCode(
        name: "int8_rate", bytes: UnsafeRawBufferPointer(start: cshaders_int8_rate(), count: cshaders_int8_rate_size()))
    static let int8RateDot = ShaderCode(
        name: "int8_rate_dot", bytes: UnsafeRawBufferPointer(start: cshaders_int8_rate_dot(), count: cshaders_int8_rate_dot_size()))
    static let int8RateUnits = ShaderCode(
        name: "int8_rate_units", bytes: UnsafeRawBufferPointer(start: cshaders_int8_rate_units(), count: cshaders_int8_rate_units_size()))
    static let int8MatmulUnits = ShaderCode(
        name: "int8_matmul_units", bytes: UnsafeRawBufferPointer(start: cshaders_int8_matmul_units(), count: cshaders_int8_matmul_units_size()))
    static let readBandwidth = ShaderCode(
        name: "read_bandwidth", bytes: UnsafeRawBufferPointer(start: cshaders_read_bandwidth(), count: cshaders_read_bandwidth_size()))
    static let decode = ShaderCode(
        name: "decode", bytes: UnsafeRawBufferPointer(start: cshaders_decode(), count: cshaders_decode_size()))
    static let decodeDot = ShaderCode(
        name: "decode_dot", bytes: UnsafeRawBufferPointer(start: cshaders_decode_dot(), count: cshaders_decode_dot_size()))
    static let normRows = ShaderCode(
        name: "norm_rows", bytes: UnsafeRawBufferPointer(start: cshaders_norm_rows(), count: cshaders_norm_rows_size()))
    static let rotateCacheF32 = ShaderCode(
        name: "rotate_cache_f32", bytes: UnsafeRawBufferPointer(start: cshaders_rotate_cache_f32(), count: cshaders_rotate_cache_f32_size()))
    static let rotateCacheF16 = ShaderCode(
        name: "rotate_cache_f16", bytes: UnsafeRawBufferPointer(start: cshaders_rotate_cache_f16(), count: cshaders_rotate_cache_f16_size()))
    static let rotateCacheQ8 = ShaderCode(
        name: "rotate_cache_q8", bytes: UnsafeRawBufferPointer(start: cshaders_rotate_cache_q8(), count: cshaders_rotate_cache_q8_size()))
    static let attentionStepF32 = ShaderCode(
        name: "attention_step_f32", bytes: UnsafeRawBufferPointer(start: cshaders_attention_step_f32(), count: cshaders_attention_step_f32_size()))
    static let attentionStepF16 = ShaderCode(
        name: "attention_step_f16", bytes: UnsafeRawBufferPointer(start: cshaders_attention_step_f16(), count: cshaders_attention_step_f16_size()))
    static let attentionStepQ8 = ShaderCode(
        name: "attention_step_q8", bytes: UnsafeRawBufferPointer(start: cshaders_attention_step_q8(), count: cshaders_attention_step_q8_size()))
    static let attentionPromptF32 = ShaderCode(
        name: "attention_prompt_f32", bytes: UnsafeRawBufferPointer(start: cshaders_attention_prompt_f32(), count: cshaders_attention_prompt_f32_size()))
    static let attentionPromptF16 = ShaderCode(
        name: "attention_prompt_f16", bytes: UnsafeRawBufferPointer(start: cshaders_attention_prompt_f16(), count: cshaders_attention_prompt_f16_size()))
    static let attentionPromptQ8 = ShaderCode(
        name: "attention_prompt_q8", bytes: UnsafeRawBufferPointer(start: cshaders_attention_prompt_q8(), count: cshaders_attention_prompt_q8_size()))
    static let denseMatmulF32 = ShaderCode(
        name: "dense_matmul_f32", bytes: UnsafeRawBufferPointer(start: cshaders_dense_matmul_f32(), count: cshaders_dense_matmul_f32_size()))
    static let denseMatmulF16 = ShaderCode(
        name: "dense_matmul_f16", bytes: UnsafeRawBufferPointer(start: cshaders_dense_matmul_f16(), count: cshaders_dense_matmul_f16_size()))
    static let denseMatmulBf16 = ShaderCode(
        name: "dense_matmul_bf16", bytes: UnsafeRawBufferPointer(start: cshaders_dense_matmul_bf16(), count: cshaders_dense_matmul_bf16_size()))
    static let denseMatmulI8 = ShaderCode(
        name: "dense_matmul_i8", bytes: UnsafeRawBufferPointer(start: cshaders_dense_matmul_i8(), count: cshaders_dense_matmul_i8_size()))
    static let denseMatmulT2 = ShaderCode(
        name: "dense_matmul_t2", bytes: UnsafeRawBufferPointer(start: cshaders_dense_matmul_t2(), count: cshaders_dense_matmul_t2_size()))
    static let denseEmbeddingF32 = ShaderCode(
        name: "dense_embedding_f32", bytes: UnsafeRawBufferPointer(start: cshaders_dense_embedding_f32(), count: cshaders_dense_embedding_f32_size()))
    static let denseEmbeddingF16 = ShaderCode(
        name: "dense_embedding_f16", bytes: UnsafeRawBufferPointer(start: cshaders_dense_embedding_f16(), count: cshaders_dense_embedding_f16_size()))
    static let denseEmbeddingBf16 = ShaderCode(
        name: "dense_embedding_bf16", bytes: UnsafeRawBufferPointer(start: cshaders_dense_embedding_bf16(), count: cshaders_dense_embedding_bf16_size()))
    static let denseEmbeddingI8 = ShaderCode(
        name: "dense_embedding_i8", bytes: UnsafeRawBufferPointer(start: cshaders_dense_embedding_i8(), count: cshaders_dense_embedding_i8_size()))
    static let denseEmbeddingT2 = ShaderCode(
        name: "dense_embedding_t2", bytes: UnsafeRawBufferPointer(start: cshaders_dense_embedding_t2(), count: cshaders_dense_embedding_t2_size()))
}
