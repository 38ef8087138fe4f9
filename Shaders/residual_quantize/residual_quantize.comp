#version 460
// Adds a product to the residual stream, and normalises and quantises the sum, NORMS weightings of it, in one dispatch: for batches,
// whose steps wait for dispatches.
//   x, y (tokens, WIDTH) f32  ->  x + y in place of x; codes, step, code_sum of it (shared/row_quantize.glsl)
// One work group takes one row and reads everything once.
// Defined by Sources/TernaryReference/Residual.swift, RMSNorm.swift (bitLinearNorm) and Quantize.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout(push_constant) uniform Params {
    uint plane;
} params;

layout(std430, set = 0, binding = 0) buffer X { vec4 x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Y { vec4 y[]; };

const uint SEPARATE_STATISTIC = 0;
#define FIRST_BINDING 2
#include "row_quantize.glsl"
void load_row(out vec4 x_row[VECTORS_EACH], out vec4 s_row[VECTORS_EACH]) {
    vec4 added[VECTORS_EACH];
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
        x_row[i] = x[gl_WorkGroupID.x * VECTORS + vector(i)];
        added[i] = y[gl_WorkGroupID.x * VECTORS + vector(i)];
    }
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
        [[unroll]] for (uint k = 0; k < 4; ++k) x_row[i][k] = settled_sum(x_row[i][k], added[i][k]);
        if (is_in_row(i)) x[gl_WorkGroupID.x * VECTORS + vector(i)] = x_row[i];
    }
}

void main() { quantize_and_store(); }
