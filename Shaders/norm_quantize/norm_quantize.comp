#version 460
// The norms in front of ternary matrices and int8 quantisation in one dispatch, NORMS weightings of each row: for prompts, whose
// products read the codes many times, so that they are worth storing.
//   x, statistic (tokens, WIDTH), outer (WIDTH), combined (NORMS, WIDTH) f32
//   ->  codes (NORMS, plane, WIDTH) i8, step (NORMS, plane) f32, code_sum (NORMS, plane) i32
// One work group takes one row: it loads the row and every weight once, and writes 1 byte for each weighted value.
// Defined by Sources/TernaryReference/RMSNorm.swift (bitLinearNorm) and Quantize.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout(constant_id = 7) const uint SEPARATE_STATISTIC = 0;  // 1: the outer norm measures another row than x

layout(push_constant) uniform Params {
    uint plane;  // rows between the codes of one weighting and the next
} params;

layout(std430, set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Statistic { vec4 s[]; };

#define FIRST_BINDING 2
#include "row_quantize.glsl"
void load_row(out vec4 x_row[VECTORS_EACH], out vec4 s_row[VECTORS_EACH]) {
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
        x_row[i] = x[gl_WorkGroupID.x * VECTORS + vector(i)];
        if (HAS_OUTER && SEPARATE_STATISTIC != 0) s_row[i] = s[gl_WorkGroupID.x * VECTORS + vector(i)];
    }
}

void main() { quantize_and_store(); }
