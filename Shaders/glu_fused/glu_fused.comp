#version 460
// The channel mixer up to its product, in one dispatch: its norms, the gate and up BitLinears behind them, activation(gate) * up.
//   x (tokens, WIDTH) f32, weights gate, up (I, WIDTH) T2 one behind the other  ->  product (tokens, product_stride) f32
// One work group takes GROUPS * 4 channels for one token; a channel's gate and up rows are summed by the same team of
// subgroups. Weights are read once a work group, x in full.
// Defined by Sources/TernaryReference/GLU.swift and Linear.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#ifdef INTEGER_DOT
#extension GL_EXT_spirv_intrinsics : require
#endif

layout(constant_id = 10) const uint ACTIVATION = 0;  // glu.glsl
layout(constant_id = 11) const uint TERMS = 0;       // row_terms.glsl, of all gate rows and then all up rows

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
layout(std430, set = 0, binding = 5) writeonly buffer Product { float product[]; };

const uint SEPARATE_STATISTIC = 0;
#define NORMS 1
#define MATRICES 2
#define TERMS_BINDING 4
#include "fused.glsl"
#include "glu.glsl"
#include "row_terms.glsl"
vec4 outer(uint v) { return outer_weight[v]; }
vec4 combined(uint n, uint v) { return combined_weight[v]; }
uvec4 load_tile(uint matrix, uint index) { return tiles[matrix * params.matrix_tiles + index]; }
void load_row(out vec4 x_row[VECTORS_EACH], out vec4 s_row[VECTORS_EACH]) {
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) x_row[i] = x[gl_WorkGroupID.y * VECTORS + vector(i)];
}

void main() {
    const uint first_row = gl_WorkGroupID.x * ROWS_EACH;
    const uint first_product = gl_WorkGroupID.y * params.product_stride + first_row;
    // What the epilogue needs is loaded before anything is waited for; a work group has seldom more channels than invocations.
    const uint early_row = first_row + gl_LocalInvocationIndex;
    Terms gate_terms = Terms(params.scale, 0.0);
    Terms up_terms = gate_terms;
    if (gl_LocalInvocationIndex < ROWS_EACH && early_row < params.rows) {
        gate_terms = terms_of(early_row, 2 * params.rows);
        up_terms = terms_of(params.rows + early_row, 2 * params.rows);
    }
    begin_rows(params.rows);
    quantize_row();
    sum_rows(params.rows);
    barrier();

    for (uint i = gl_LocalInvocationIndex; i < ROWS_EACH && first_row + i < params.rows; i += WG_SIZE) {
        if (i >= WG_SIZE) {
            gate_terms = terms_of(first_row + i, 2 * params.rows);
            up_terms = terms_of(params.rows + first_row + i, 2 * params.rows);
        }
        const float gate = with_bias(row_value(0, i, gate_terms.scale), gate_terms);
        const float up = with_bias(row_value(1, i, up_terms.scale), up_terms);
        product[first_product + i] = glu_product(gate, up);
    }
}
