#version 460
// BitLinear in one dispatch: RMSNorm (one or two), int8 quantisation, ternary product, scales, biases if any, and an optional residual
// addition.
//   x (tokens, WIDTH) f32, weights (rows, WIDTH) T2  ->  y (tokens, y_stride) f32;  with RESIDUAL, y += the product
// One work group takes GROUPS * 4 rows for one token: it loads the row of x (in full, every work group does), keeps its int8 codes in
// shared memory, and reads each of its weights once, 16 bytes a load. GROUPS is set so that the device is filled.
// Defined by Sources/TernaryReference/BitLinear.swift and Linear.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#ifdef INTEGER_DOT
#extension GL_EXT_spirv_intrinsics : require
#endif

layout(constant_id = 10) const uint RESIDUAL = 0;
layout(constant_id = 11) const uint SEPARATE_STATISTIC = 0;  // 1: the outer norm measures another row than x
layout(constant_id = 12) const uint TERMS = 0;              // row_terms.glsl

layout(push_constant) uniform Params {
    uint rows;  // of the matrix
    uint y_stride;
    float scale;
} params;

layout(std430, set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Statistic { vec4 s[]; };  // what the outer norm measures; x itself but for o_proj
layout(std430, set = 0, binding = 2) readonly buffer Outer { vec4 outer_weight[]; };
layout(std430, set = 0, binding = 3) readonly buffer Combined { vec4 combined_weight[]; };
layout(std430, set = 0, binding = 4) readonly buffer Weights { uvec4 tiles[]; };
layout(std430, set = 0, binding = 6) buffer Y { float y[]; };

#define NORMS 1
#define MATRICES 1
#define TERMS_BINDING 5
#include "fused.glsl"
#include "row_terms.glsl"
vec4 outer(uint v) { return outer_weight[v]; }
vec4 combined(uint n, uint v) { return combined_weight[v]; }
uvec4 load_tile(uint matrix, uint index) { return tiles[index]; }
void load_row(out vec4 x_row[VECTORS_EACH], out vec4 s_row[VECTORS_EACH]) {
    const uint first = gl_WorkGroupID.y * VECTORS;
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
        x_row[i] = x[first + vector(i)];
        if (HAS_OUTER && SEPARATE_STATISTIC != 0) s_row[i] = s[first + vector(i)];
    }
}

void main() {
    const uint first_row = gl_WorkGroupID.x * ROWS_EACH;
    const uint first_y = gl_WorkGroupID.y * params.y_stride + first_row;
    // What the epilogue needs is loaded before anything is waited for; a work group has seldom more rows than invocations.
    const uint early = gl_LocalInvocationIndex;
    float carried = 0.0;
    Terms terms = Terms(params.scale, 0.0);
    if (early < ROWS_EACH && first_row + early < params.rows) {
        if (RESIDUAL != 0) carried = y[first_y + early];
        terms = terms_of(first_row + early, params.rows);
    }
    begin_rows(params.rows);
    quantize_row();
    sum_rows(params.rows);
    barrier();

    for (uint i = gl_LocalInvocationIndex; i < ROWS_EACH && first_row + i < params.rows; i += WG_SIZE) {
        if (i >= WG_SIZE) terms = terms_of(first_row + i, params.rows);
        const float product = with_bias(row_value(0, i, terms.scale), terms);
        float before = carried;
        if (RESIDUAL != 0 && i >= WG_SIZE) before = y[first_y + i];
        y[first_y + i] = RESIDUAL != 0 ? settled_sum(before, product) : product;
    }
}
