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

layout(constant_id = 1) const uint WIDTH = 2048;          // columns, padded to a multiple of 16
layout(constant_id = 2) const float INVERSE_WIDTH = 0.0;  // 1 / columns
layout(constant_id = 3) const uint HAS_OUTER = 1;         // 1: a block norm stands before BitLinear's own
layout(constant_id = 4) const float OUTER_EPSILON = 1e-6;
layout(constant_id = 5) const uint SEPARATE_STATISTIC = 0;  // 1: the outer norm measures another row than x

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

#define NAME(x) x
const uint CODE_ROWS = NORMS;
const uint CODE_VECTORS = NORMS * (WIDTH / 16);
#include "prologue.glsl"
vec4 outer(uint v) { return outer_weight[v]; }
vec4 combined(uint n, uint v) { return combined_weight[n * VECTORS + v]; }
void load_row(out vec4 x_row[VECTORS_EACH], out vec4 s_row[VECTORS_EACH]) {
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
        x_row[i] = x[gl_WorkGroupID.x * VECTORS + vector(i)];
        if (HAS_OUTER != 0 && SEPARATE_STATISTIC != 0) s_row[i] = s[gl_WorkGroupID.x * VECTORS + vector(i)];
    }
}

void main() {
    const uint row = gl_WorkGroupID.x;
    quantize_row();
    const uint lane = gl_LocalInvocationIndex;
    for (uint i = lane; i < NORMS * (WIDTH / 16); i += WG_SIZE) {
        row_codes[(i / (WIDTH / 16) * params.plane + row) * (WIDTH / 16) + i % (WIDTH / 16)] = codes[i];
    }
    if (lane < NORMS) {
        row_steps[lane * params.plane + row] = steps[lane];
        int sum = 0;
        for (uint p = 0; p < SUBGROUPS; ++p) sum += subgroup_code_sums[lane * SUBGROUPS + p];
        row_sums[lane * params.plane + row] = sum;
    }
}
