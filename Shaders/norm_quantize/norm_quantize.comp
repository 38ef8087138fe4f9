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

layout(constant_id = 6) const uint SEPARATE_STATISTIC = 0;  // 1: the outer norm measures another row than x

layout(push_constant) uniform Params {
    uint plane;  // rows between the codes of one weighting and the next
} params;

layout(std430, set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Statistic { vec4 s[]; };
layout(std430, set = 0, binding = 2) readonly buffer Outer { vec4 outer_weight[]; };
layout(std430, set = 0, binding = 3) readonly buffer Combined { vec4 combined_weight[]; };
layout(std430, set = 0, binding = 4) writeonly buffer Codes { uvec4 row_codes[]; };
layout(std430, set = 0, binding = 5) writeonly buffer Step { float row_steps[]; };
layout(std430, set = 0, binding = 6) writeonly buffer CodeSum { int row_sums[]; };

#define SAME_STATISTIC (SEPARATE_STATISTIC == 0)
#define LANE_SUMS (TOKENS * 2)
vec4 value(uint row, uint v);
vec4 statistic(uint row, uint v);
vec4 outer(uint v);
vec4 combined(uint n, uint v);
#include "prologue.glsl"
vec4 value(uint row, uint v) { return x[row * VECTORS + v]; }
vec4 statistic(uint row, uint v) { return s[row * VECTORS + v]; }
vec4 outer(uint v) { return outer_weight[v]; }
vec4 combined(uint n, uint v) { return combined_weight[n * VECTORS + v]; }

void main() {
    const uint row = gl_WorkGroupID.x;
    quantize_rows(row, row);
    const uint lane = gl_LocalInvocationIndex;
    for (uint i = lane; i < NORMS * (WIDTH / 16); i += WG_SIZE) {
        row_codes[(i / (WIDTH / 16) * params.plane + row) * (WIDTH / 16) + i % (WIDTH / 16)] = codes[i];
    }
    if (lane < NORMS) {
        row_steps[lane * params.plane + row] = steps[lane];
        row_sums[lane * params.plane + row] = code_sums[lane];
    }
}
