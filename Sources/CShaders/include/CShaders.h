// Generated from Shaders/variants.txt by scripts/kernel-table.py; do not edit.
#pragma once
#include <stddef.h>

const void *cshaders_embedding(void);
size_t cshaders_embedding_size(void);
const void *cshaders_rmsnorm(void);
size_t cshaders_rmsnorm_size(void);
const void *cshaders_quantize(void);
size_t cshaders_quantize_size(void);
const void *cshaders_norm_quantize(void);
size_t cshaders_norm_quantize_size(void);
const void *cshaders_norm_quantize_3(void);
size_t cshaders_norm_quantize_3_size(void);
const void *cshaders_ternary_matmul(void);
size_t cshaders_ternary_matmul_size(void);
const void *cshaders_ternary_matmul_dot(void);
size_t cshaders_ternary_matmul_dot_size(void);
const void *cshaders_ternary_matmul_units(void);
size_t cshaders_ternary_matmul_units_size(void);
const void *cshaders_ternary_matmul_units_64(void);
size_t cshaders_ternary_matmul_units_64_size(void);
const void *cshaders_bitlinear_fused(void);
size_t cshaders_bitlinear_fused_size(void);
const void *cshaders_bitlinear_fused_dot(void);
size_t cshaders_bitlinear_fused_dot_size(void);
const void *cshaders_mlgru(void);
size_t cshaders_mlgru_size(void);
const void *cshaders_mlgru_gates(void);
size_t cshaders_mlgru_gates_size(void);
const void *cshaders_mlgru_fused(void);
size_t cshaders_mlgru_fused_size(void);
const void *cshaders_mlgru_fused_dot(void);
size_t cshaders_mlgru_fused_dot_size(void);
const void *cshaders_output_gate(void);
size_t cshaders_output_gate_size(void);
const void *cshaders_glu(void);
size_t cshaders_glu_size(void);
const void *cshaders_glu_fused(void);
size_t cshaders_glu_fused_size(void);
const void *cshaders_glu_fused_dot(void);
size_t cshaders_glu_fused_dot_size(void);
const void *cshaders_residual(void);
size_t cshaders_residual_size(void);
const void *cshaders_exact_probe(void);
size_t cshaders_exact_probe_size(void);
const void *cshaders_read_bandwidth(void);
size_t cshaders_read_bandwidth_size(void);
