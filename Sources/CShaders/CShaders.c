// Generated from Shaders/variants.txt by scripts/kernel-table.py; do not edit.
#include "CShaders.h"

static const _Alignas(4) unsigned char embedding[] = {
#embed "spv/embedding.spv"
};
const void *cshaders_embedding(void) { return embedding; }
size_t cshaders_embedding_size(void) { return sizeof embedding; }

static const _Alignas(4) unsigned char rmsnorm[] = {
#embed "spv/rmsnorm.spv"
};
const void *cshaders_rmsnorm(void) { return rmsnorm; }
size_t cshaders_rmsnorm_size(void) { return sizeof rmsnorm; }

static const _Alignas(4) unsigned char quantize[] = {
#embed "spv/quantize.spv"
};
const void *cshaders_quantize(void) { return quantize; }
size_t cshaders_quantize_size(void) { return sizeof quantize; }

static const _Alignas(4) unsigned char norm_quantize[] = {
#embed "spv/norm_quantize.spv"
};
const void *cshaders_norm_quantize(void) { return norm_quantize; }
size_t cshaders_norm_quantize_size(void) { return sizeof norm_quantize; }

static const _Alignas(4) unsigned char norm_quantize_3[] = {
#embed "spv/norm_quantize_3.spv"
};
const void *cshaders_norm_quantize_3(void) { return norm_quantize_3; }
size_t cshaders_norm_quantize_3_size(void) { return sizeof norm_quantize_3; }

static const _Alignas(4) unsigned char residual_quantize[] = {
#embed "spv/residual_quantize.spv"
};
const void *cshaders_residual_quantize(void) { return residual_quantize; }
size_t cshaders_residual_quantize_size(void) { return sizeof residual_quantize; }

static const _Alignas(4) unsigned char residual_quantize_3[] = {
#embed "spv/residual_quantize_3.spv"
};
const void *cshaders_residual_quantize_3(void) { return residual_quantize_3; }
size_t cshaders_residual_quantize_3_size(void) { return sizeof residual_quantize_3; }

static const _Alignas(4) unsigned char glu_quantize[] = {
#embed "spv/glu_quantize.spv"
};
const void *cshaders_glu_quantize(void) { return glu_quantize; }
size_t cshaders_glu_quantize_size(void) { return sizeof glu_quantize; }

static const _Alignas(4) unsigned char gate_quantize[] = {
#embed "spv/gate_quantize.spv"
};
const void *cshaders_gate_quantize(void) { return gate_quantize; }
size_t cshaders_gate_quantize_size(void) { return sizeof gate_quantize; }

static const _Alignas(4) unsigned char mlgru_step_quantize[] = {
#embed "spv/mlgru_step_quantize.spv"
};
const void *cshaders_mlgru_step_quantize(void) { return mlgru_step_quantize; }
size_t cshaders_mlgru_step_quantize_size(void) { return sizeof mlgru_step_quantize; }

static const _Alignas(4) unsigned char ternary_matmul[] = {
#embed "spv/ternary_matmul.spv"
};
const void *cshaders_ternary_matmul(void) { return ternary_matmul; }
size_t cshaders_ternary_matmul_size(void) { return sizeof ternary_matmul; }

static const _Alignas(4) unsigned char ternary_matmul_dot[] = {
#embed "spv/ternary_matmul_dot.spv"
};
const void *cshaders_ternary_matmul_dot(void) { return ternary_matmul_dot; }
size_t cshaders_ternary_matmul_dot_size(void) { return sizeof ternary_matmul_dot; }

static const _Alignas(4) unsigned char ternary_matmul_units[] = {
#embed "spv/ternary_matmul_units.spv"
};
const void *cshaders_ternary_matmul_units(void) { return ternary_matmul_units; }
size_t cshaders_ternary_matmul_units_size(void) { return sizeof ternary_matmul_units; }

static const _Alignas(4) unsigned char ternary_matmul_units_64[] = {
#embed "spv/ternary_matmul_units_64.spv"
};
const void *cshaders_ternary_matmul_units_64(void) { return ternary_matmul_units_64; }
size_t cshaders_ternary_matmul_units_64_size(void) { return sizeof ternary_matmul_units_64; }

static const _Alignas(4) unsigned char ternary_unpack[] = {
#embed "spv/ternary_unpack.spv"
};
const void *cshaders_ternary_unpack(void) { return ternary_unpack; }
size_t cshaders_ternary_unpack_size(void) { return sizeof ternary_unpack; }

static const _Alignas(4) unsigned char bitlinear_fused[] = {
#embed "spv/bitlinear_fused.spv"
};
const void *cshaders_bitlinear_fused(void) { return bitlinear_fused; }
size_t cshaders_bitlinear_fused_size(void) { return sizeof bitlinear_fused; }

static const _Alignas(4) unsigned char bitlinear_fused_dot[] = {
#embed "spv/bitlinear_fused_dot.spv"
};
const void *cshaders_bitlinear_fused_dot(void) { return bitlinear_fused_dot; }
size_t cshaders_bitlinear_fused_dot_size(void) { return sizeof bitlinear_fused_dot; }

static const _Alignas(4) unsigned char mlgru[] = {
#embed "spv/mlgru.spv"
};
const void *cshaders_mlgru(void) { return mlgru; }
size_t cshaders_mlgru_size(void) { return sizeof mlgru; }

static const _Alignas(4) unsigned char mlgru_gates[] = {
#embed "spv/mlgru_gates.spv"
};
const void *cshaders_mlgru_gates(void) { return mlgru_gates; }
size_t cshaders_mlgru_gates_size(void) { return sizeof mlgru_gates; }

static const _Alignas(4) unsigned char mlgru_fused[] = {
#embed "spv/mlgru_fused.spv"
};
const void *cshaders_mlgru_fused(void) { return mlgru_fused; }
size_t cshaders_mlgru_fused_size(void) { return sizeof mlgru_fused; }

static const _Alignas(4) unsigned char mlgru_fused_dot[] = {
#embed "spv/mlgru_fused_dot.spv"
};
const void *cshaders_mlgru_fused_dot(void) { return mlgru_fused_dot; }
size_t cshaders_mlgru_fused_dot_size(void) { return sizeof mlgru_fused_dot; }

static const _Alignas(4) unsigned char mlgru_fused_batch[] = {
#embed "spv/mlgru_fused_batch.spv"
};
const void *cshaders_mlgru_fused_batch(void) { return mlgru_fused_batch; }
size_t cshaders_mlgru_fused_batch_size(void) { return sizeof mlgru_fused_batch; }

static const _Alignas(4) unsigned char mlgru_fused_batch_dot[] = {
#embed "spv/mlgru_fused_batch_dot.spv"
};
const void *cshaders_mlgru_fused_batch_dot(void) { return mlgru_fused_batch_dot; }
size_t cshaders_mlgru_fused_batch_dot_size(void) { return sizeof mlgru_fused_batch_dot; }

static const _Alignas(4) unsigned char mlgru_step[] = {
#embed "spv/mlgru_step.spv"
};
const void *cshaders_mlgru_step(void) { return mlgru_step; }
size_t cshaders_mlgru_step_size(void) { return sizeof mlgru_step; }

static const _Alignas(4) unsigned char output_gate[] = {
#embed "spv/output_gate.spv"
};
const void *cshaders_output_gate(void) { return output_gate; }
size_t cshaders_output_gate_size(void) { return sizeof output_gate; }

static const _Alignas(4) unsigned char glu[] = {
#embed "spv/glu.spv"
};
const void *cshaders_glu(void) { return glu; }
size_t cshaders_glu_size(void) { return sizeof glu; }

static const _Alignas(4) unsigned char glu_fused[] = {
#embed "spv/glu_fused.spv"
};
const void *cshaders_glu_fused(void) { return glu_fused; }
size_t cshaders_glu_fused_size(void) { return sizeof glu_fused; }

static const _Alignas(4) unsigned char glu_fused_dot[] = {
#embed "spv/glu_fused_dot.spv"
};
const void *cshaders_glu_fused_dot(void) { return glu_fused_dot; }
size_t cshaders_glu_fused_dot_size(void) { return sizeof glu_fused_dot; }

static const _Alignas(4) unsigned char residual[] = {
#embed "spv/residual.spv"
};
const void *cshaders_residual(void) { return residual; }
size_t cshaders_residual_size(void) { return sizeof residual; }

static const _Alignas(4) unsigned char argmax[] = {
#embed "spv/argmax.spv"
};
const void *cshaders_argmax(void) { return argmax; }
size_t cshaders_argmax_size(void) { return sizeof argmax; }

static const _Alignas(4) unsigned char exact_probe[] = {
#embed "spv/exact_probe.spv"
};
const void *cshaders_exact_probe(void) { return exact_probe; }
size_t cshaders_exact_probe_size(void) { return sizeof exact_probe; }

static const _Alignas(4) unsigned char copy_bandwidth[] = {
#embed "spv/copy_bandwidth.spv"
};
const void *cshaders_copy_bandwidth(void) { return copy_bandwidth; }
size_t cshaders_copy_bandwidth_size(void) { return sizeof copy_bandwidth; }

static const _Alignas(4) unsigned char int8_rate[] = {
#embed "spv/int8_rate.spv"
};
const void *cshaders_int8_rate(void) { return int8_rate; }
size_t cshaders_int8_rate_size(void) { return sizeof int8_rate; }

static const _Alignas(4) unsigned char int8_rate_dot[] = {
#embed "spv/int8_rate_dot.spv"
};
const void *cshaders_int8_rate_dot(void) { return int8_rate_dot; }
size_t cshaders_int8_rate_dot_size(void) { return sizeof int8_rate_dot; }

static const _Alignas(4) unsigned char int8_rate_units[] = {
#embed "spv/int8_rate_units.spv"
};
const void *cshaders_int8_rate_units(void) { return int8_rate_units; }
size_t cshaders_int8_rate_units_size(void) { return sizeof int8_rate_units; }

static const _Alignas(4) unsigned char int8_matmul_units[] = {
#embed "spv/int8_matmul_units.spv"
};
const void *cshaders_int8_matmul_units(void) { return int8_matmul_units; }
size_t cshaders_int8_matmul_units_size(void) { return sizeof int8_matmul_units; }

static const _Alignas(4) unsigned char read_bandwidth[] = {
#embed "spv/read_bandwidth.spv"
};
const void *cshaders_read_bandwidth(void) { return read_bandwidth; }
size_t cshaders_read_bandwidth_size(void) { return sizeof read_bandwidth; }

static const _Alignas(4) unsigned char decode[] = {
#embed "spv/decode.spv"
};
const void *cshaders_decode(void) { return decode; }
size_t cshaders_decode_size(void) { return sizeof decode; }

static const _Alignas(4) unsigned char decode_dot[] = {
#embed "spv/decode_dot.spv"
};
const void *cshaders_decode_dot(void) { return decode_dot; }
size_t cshaders_decode_dot_size(void) { return sizeof decode_dot; }

static const _Alignas(4) unsigned char norm_rows[] = {
#embed "spv/norm_rows.spv"
};
const void *cshaders_norm_rows(void) { return norm_rows; }
size_t cshaders_norm_rows_size(void) { return sizeof norm_rows; }

static const _Alignas(4) unsigned char rotate_cache_f32[] = {
#embed "spv/rotate_cache_f32.spv"
};
const void *cshaders_rotate_cache_f32(void) { return rotate_cache_f32; }
size_t cshaders_rotate_cache_f32_size(void) { return sizeof rotate_cache_f32; }

static const _Alignas(4) unsigned char rotate_cache_f16[] = {
#embed "spv/rotate_cache_f16.spv"
};
const void *cshaders_rotate_cache_f16(void) { return rotate_cache_f16; }
size_t cshaders_rotate_cache_f16_size(void) { return sizeof rotate_cache_f16; }

static const _Alignas(4) unsigned char rotate_cache_q8[] = {
#embed "spv/rotate_cache_q8.spv"
};
const void *cshaders_rotate_cache_q8(void) { return rotate_cache_q8; }
size_t cshaders_rotate_cache_q8_size(void) { return sizeof rotate_cache_q8; }

static const _Alignas(4) unsigned char attention_step_f32[] = {
#embed "spv/attention_step_f32.spv"
};
const void *cshaders_attention_step_f32(void) { return attention_step_f32; }
size_t cshaders_attention_step_f32_size(void) { return sizeof attention_step_f32; }

static const _Alignas(4) unsigned char attention_step_f16[] = {
#embed "spv/attention_step_f16.spv"
};
const void *cshaders_attention_step_f16(void) { return attention_step_f16; }
size_t cshaders_attention_step_f16_size(void) { return sizeof attention_step_f16; }

static const _Alignas(4) unsigned char attention_step_q8[] = {
#embed "spv/attention_step_q8.spv"
};
const void *cshaders_attention_step_q8(void) { return attention_step_q8; }
size_t cshaders_attention_step_q8_size(void) { return sizeof attention_step_q8; }

static const _Alignas(4) unsigned char attention_prompt_f32[] = {
#embed "spv/attention_prompt_f32.spv"
};
const void *cshaders_attention_prompt_f32(void) { return attention_prompt_f32; }
size_t cshaders_attention_prompt_f32_size(void) { return sizeof attention_prompt_f32; }

static const _Alignas(4) unsigned char attention_prompt_f16[] = {
#embed "spv/attention_prompt_f16.spv"
};
const void *cshaders_attention_prompt_f16(void) { return attention_prompt_f16; }
size_t cshaders_attention_prompt_f16_size(void) { return sizeof attention_prompt_f16; }

static const _Alignas(4) unsigned char attention_prompt_q8[] = {
#embed "spv/attention_prompt_q8.spv"
};
const void *cshaders_attention_prompt_q8(void) { return attention_prompt_q8; }
size_t cshaders_attention_prompt_q8_size(void) { return sizeof attention_prompt_q8; }

static const _Alignas(4) unsigned char dense_matmul_f32[] = {
#embed "spv/dense_matmul_f32.spv"
};
const void *cshaders_dense_matmul_f32(void) { return dense_matmul_f32; }
size_t cshaders_dense_matmul_f32_size(void) { return sizeof dense_matmul_f32; }

static const _Alignas(4) unsigned char dense_matmul_f16[] = {
#embed "spv/dense_matmul_f16.spv"
};
const void *cshaders_dense_matmul_f16(void) { return dense_matmul_f16; }
size_t cshaders_dense_matmul_f16_size(void) { return sizeof dense_matmul_f16; }

static const _Alignas(4) unsigned char dense_matmul_bf16[] = {
#embed "spv/dense_matmul_bf16.spv"
};
const void *cshaders_dense_matmul_bf16(void) { return dense_matmul_bf16; }
size_t cshaders_dense_matmul_bf16_size(void) { return sizeof dense_matmul_bf16; }

static const _Alignas(4) unsigned char dense_matmul_i8[] = {
#embed "spv/dense_matmul_i8.spv"
};
const void *cshaders_dense_matmul_i8(void) { return dense_matmul_i8; }
size_t cshaders_dense_matmul_i8_size(void) { return sizeof dense_matmul_i8; }

static const _Alignas(4) unsigned char dense_matmul_t2[] = {
#embed "spv/dense_matmul_t2.spv"
};
const void *cshaders_dense_matmul_t2(void) { return dense_matmul_t2; }
size_t cshaders_dense_matmul_t2_size(void) { return sizeof dense_matmul_t2; }

static const _Alignas(4) unsigned char dense_embedding_f32[] = {
#embed "spv/dense_embedding_f32.spv"
};
const void *cshaders_dense_embedding_f32(void) { return dense_embedding_f32; }
size_t cshaders_dense_embedding_f32_size(void) { return sizeof dense_embedding_f32; }

static const _Alignas(4) unsigned char dense_embedding_f16[] = {
#embed "spv/dense_embedding_f16.spv"
};
const void *cshaders_dense_embedding_f16(void) { return dense_embedding_f16; }
size_t cshaders_dense_embedding_f16_size(void) { return sizeof dense_embedding_f16; }

static const _Alignas(4) unsigned char dense_embedding_bf16[] = {
#embed "spv/dense_embedding_bf16.spv"
};
const void *cshaders_dense_embedding_bf16(void) { return dense_embedding_bf16; }
size_t cshaders_dense_embedding_bf16_size(void) { return sizeof dense_embedding_bf16; }

static const _Alignas(4) unsigned char dense_embedding_i8[] = {
#embed "spv/dense_embedding_i8.spv"
};
const void *cshaders_dense_embedding_i8(void) { return dense_embedding_i8; }
size_t cshaders_dense_embedding_i8_size(void) { return sizeof dense_embedding_i8; }

static const _Alignas(4) unsigned char dense_embedding_t2[] = {
#embed "spv/dense_embedding_t2.spv"
};
const void *cshaders_dense_embedding_t2(void) { return dense_embedding_t2; }
size_t cshaders_dense_embedding_t2_size(void) { return sizeof dense_embedding_t2; }
