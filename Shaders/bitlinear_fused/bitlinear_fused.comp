#version 460
// BitLinear in one dispatch: RMSNorm (one or two), int8 quantisation, ternary product, scales, and an optional residual addition.
//   x (tokens, WIDTH) f32, weights (rows, WIDTH) T2  ->  y (tokens, y_stride) f32;  with RESIDUAL, y += the product
// One work group takes GROUPS * 4 rows for TOKENS tokens: it loads the rows of x once (in full, every work group does), keeps
// their int8 codes in shared memory, and reads each of its weights once, 16 bytes a load. GROUPS is set so that the
// device is filled; TOKENS is as many as shared memory holds.
// Defined by Sources/TernaryReference/BitLinear.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#ifdef INTEGER_DOT
#extension GL_EXT_spirv_intrinsics : require
#endif

layout(constant_id = 9) const uint RESIDUAL = 0;
layout(constant_id = 10) const uint SEPARATE_STATISTIC = 0;  // 1: the outer norm measures another row than x

layout(push_constant) uniform Params {
    uint tokens;  // rows of x
    uint rows;    // rows of the matrix
    uint y_stride;
    float scale;
} params;

layout(std430, set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Statistic { vec4 s[]; };  // what the outer norm measures; x itself but for o_proj
layout(std430, set = 0, binding = 2) readonly buffer Outer { vec4 outer_weight[]; };
layout(std430, set = 0, binding = 3) readonly buffer Combined { vec4 combined_weight[]; };
layout(std430, set = 0, binding = 4) readonly buffer Weights { uvec4 tiles[]; };
layout(std430, set = 0, binding = 5) buffer Y { float y[]; };

#define NORMS 1
#define SAME_STATISTIC (SEPARATE_STATISTIC == 0)
#define LANE_SUMS (TOKENS * 2)
#define MATRICES 1
vec4 value(uint row, uint v);
vec4 statistic(uint row, uint v);
vec4 outer(uint v);
vec4 combined(uint n, uint v);
uvec4 load_tile(uint matrix, uint index);
#include "prologue.glsl"
#include "ternary_rows.glsl"
vec4 value(uint row, uint v) { return x[row * VECTORS + v]; }
vec4 statistic(uint row, uint v) { return s[row * VECTORS + v]; }
vec4 outer(uint v) { return outer_weight[v]; }
vec4 combined(uint n, uint v) { return combined_weight[v]; }
uvec4 load_tile(uint matrix, uint index) { return tiles[index]; }

void main() {
    const uint first_token = gl_WorkGroupID.y * TOKENS;
    const uint first_row = gl_WorkGroupID.x * ROWS_EACH;
    // What the epilogue adds to is loaded before anything is waited for; a work group has seldom more rows than invocations.
    const uint early = gl_LocalInvocationIndex;
    const uint early_at = (first_token + early / ROWS_EACH) * params.y_stride + first_row + early % ROWS_EACH;
    float carried = 0.0;
    if (RESIDUAL != 0 && early < TOKENS * ROWS_EACH && first_token + early / ROWS_EACH < params.tokens
        && first_row + early % ROWS_EACH < params.rows) {
        carried = y[early_at];
    }
    begin_rows(params.rows);
    quantize_rows(first_token, params.tokens - 1);
    sum_rows(params.rows);
    barrier();

    for (uint i = gl_LocalInvocationIndex; i < TOKENS * ROWS_EACH; i += WG_SIZE) {
        const uint token = i / ROWS_EACH;
        const uint local = i % ROWS_EACH;
        const uint row = first_row + local;
        if (row >= params.rows || first_token + token >= params.tokens) continue;
        const float product = row_value(token, 0, local, params.scale);
        const uint at = (first_token + token) * params.y_stride + row;
        float before = carried;
        if (RESIDUAL != 0 && i >= WG_SIZE) before = y[at];
        y[at] = RESIDUAL != 0 ? settled_sum(before, product) : product;
    }
}
