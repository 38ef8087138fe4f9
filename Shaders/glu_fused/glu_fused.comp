#version 460
// The channel mixer up to its product, in one dispatch: mlp_norm, the gate and up BitLinears of it, SiLU(gate) * up.
//   x (tokens, WIDTH) f32, weights gate, up (I, WIDTH) T2 one behind the other  ->  product (tokens, product_stride) f32
// One work group takes GROUPS * 4 channels for one token; a channel's gate and up rows are summed by the same team of
// subgroups. Weights are read once a work group, x in full.
// Defined by Sources/TernaryReference/GLU.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#ifdef INTEGER_DOT
#extension GL_EXT_spirv_intrinsics : require
#endif

layout(push_constant) uniform Params {
    uint rows;  // I
    uint product_stride;
    uint matrix_tiles;  // tiles of one of the two matrices
    float scale;
} params;

layout(std430, set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Outer { vec4 outer_weight[]; };
layout(std430, set = 0, binding = 2) readonly buffer Combined { vec4 combined_weight[]; };
layout(std430, set = 0, binding = 3) readonly buffer Weights { uvec4 tiles[]; };  // gate, up
layout(std430, set = 0, binding = 4) writeonly buffer Product { float product[]; };

const uint SEPARATE_STATISTIC = 0;
#define NORMS 1
#define MATRICES 2
#include "fused.glsl"
vec4 outer(uint v) { return outer_weight[v]; }
vec4 combined(uint n, uint v) { return combined_weight[v]; }
uvec4 load_tile(uint matrix, uint index) { return tiles[matrix * params.matrix_tiles + index]; }
void load_row(out vec4 x_row[VECTORS_EACH], out vec4 s_row[VECTORS_EACH]) {
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) x_row[i] = x[gl_WorkGroupID.y * VECTORS + vector(i)];
}

void main() {
    const uint first_row = gl_WorkGroupID.x * ROWS_EACH;
    const uint first_product = gl_WorkGroupID.y * params.product_stride + first_row;
    begin_rows(params.rows);
    quantize_row();
    sum_rows(params.rows);
    barrier();

    for (uint i = gl_LocalInvocationIndex; i < ROWS_EACH && first_row + i < params.rows; i += WG_SIZE) {
        const float gate = row_value(0, i, params.scale);
        const float up = row_value(1, i, params.scale);
        product[first_product + i] = settled_product(exact_silu(gate), up);
    }
}
