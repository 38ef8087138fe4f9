#version 460
// The channel mixer's product activation(gate) * up, its norms and its quantisation in one dispatch: for batches, whose steps wait for
// dispatches. The product itself is not stored.
//   gate, up (tokens, WIDTH) f32  ->  codes, step, code_sum of the product (shared/row_quantize.glsl)
// One work group takes one row and reads everything once.
// Defined by Sources/TernaryReference/GLU.swift, RMSNorm.swift (bitLinearNorm) and Quantize.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout(constant_id = 7) const uint ACTIVATION = 0;  // glu.glsl

layout(push_constant) uniform Params {
    uint plane;
} params;

layout(std430, set = 0, binding = 0) readonly buffer Gate { vec4 gate[]; };
layout(std430, set = 0, binding = 1) readonly buffer Up { vec4 up[]; };

const uint SEPARATE_STATISTIC = 0;
#define NORMS 1
#define FIRST_BINDING 2
#include "row_quantize.glsl"
#include "glu.glsl"
void load_row(out vec4 x_row[VECTORS_EACH], out vec4 s_row[VECTORS_EACH]) {
    vec4 g[VECTORS_EACH];
    vec4 u[VECTORS_EACH];
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
        g[i] = gate[gl_WorkGroupID.x * VECTORS + vector(i)];
        u[i] = up[gl_WorkGroupID.x * VECTORS + vector(i)];
    }
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
        [[unroll]] for (uint k = 0; k < 4; ++k) x_row[i][k] = glu_product(g[i][k], u[i][k]);
    }
}

void main() { quantize_and_store(); }
