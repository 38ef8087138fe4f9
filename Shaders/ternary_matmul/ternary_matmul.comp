#version 460
// The ternary product, its scales and its biases if any: the third of the unfused BitLinear's three dispatches.
//   codes (tokens, WIDTH) i8, step, code_sum (tokens), weights (HALVES * rows, WIDTH) T2  ->  y (tokens, y_stride) f32 by EPILOGUE
// One subgroup takes 4 rows of each half for TOKENS tokens: it reads their weights once, 16 bytes a load, DEPTH loads ahead of their use, and the
// codes from device memory, where the work group's other subgroups have just read the same.
// Defined by Sources/TernaryReference/TernaryMatmul.swift, Linear.swift, and by what epilogue.glsl names.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#ifdef INTEGER_DOT
#extension GL_EXT_spirv_intrinsics : require
#endif

layout(constant_id = 1) const uint WIDTH = 2048;
layout(constant_id = 2) const uint TOKENS = 1;
layout(constant_id = 3) const uint DEPTH = 4;
layout(constant_id = 4) const uint EPILOGUE = 0;
layout(constant_id = 5) const uint ACTIVATION = 0;  // glu.glsl
layout(constant_id = 6) const uint TERMS = 0;       // row_terms.glsl, of HALVES * rows

layout(push_constant) uniform Params {
    uint tokens;
    uint rows;  // of y's columns; the matrix has HALVES times as many
    uint y_stride;
    float scale;
} params;

layout(std430, set = 0, binding = 0) readonly buffer Codes { uvec4 codes[]; };
layout(std430, set = 0, binding = 1) readonly buffer Step { float steps[]; };
layout(std430, set = 0, binding = 2) readonly buffer CodeSum { int code_sums[]; };
layout(std430, set = 0, binding = 3) readonly buffer Weights { uvec4 tiles[]; };
layout(std430, set = 0, binding = 5) buffer Y { float y[]; };

#define TERMS_BINDING 4
#include "epilogue.glsl"
#include "row_terms.glsl"
#define LANE_SUMS 1
#include "workgroup.glsl"
#include "dot4.glsl"

const uint TILES = WIDTH / 16;

float value_of(int sum, uint token, Terms terms) {
    return with_bias(settled_product(float(sum - code_sums[token]), settled_product(steps[token], terms.scale)), terms);
}

void main() {
    const uint group = gl_WorkGroupID.x * SUBGROUPS + gl_SubgroupID;
    const uint first_token = gl_WorkGroupID.y * TOKENS;
    if (group * 4 >= params.rows) return;
    const uint groups = (params.rows + 3) / 4;  // of each half
    ivec4 acc[HALVES * TOKENS];
    [[unroll]] for (uint t = 0; t < HALVES * TOKENS; ++t) acc[t] = ivec4(0);
    for (uint first = gl_SubgroupInvocationID; first < TILES; first += DEPTH * SUBGROUP) {
        uvec4 tile[HALVES * DEPTH];
        [[unroll]] for (uint h = 0; h < HALVES; ++h) {
            [[unroll]] for (uint d = 0; d < DEPTH; ++d) {
                const uint at = first + d * SUBGROUP;
                tile[h * DEPTH + d] = at < TILES ? tiles[(h * groups + group) * TILES + at] : uvec4(0);
            }
        }
        [[unroll]] for (uint d = 0; d < DEPTH; ++d) {
            const uint at = min(first + d * SUBGROUP, TILES - 1);
            [[unroll]] for (uint t = 0; t < TOKENS; ++t) {
                const uint token = min(first_token + t, params.tokens - 1);
                const uvec4 code = codes[token * TILES + at];
                [[unroll]] for (uint h = 0; h < HALVES; ++h) {
                    acc[h * TOKENS + t] = tile_product(tile[h * DEPTH + d], code, acc[h * TOKENS + t]);
                }
            }
        }
    }
    // The first four invocations finish a row each.
    const uint row = group * 4 + gl_SubgroupInvocationID % 4;
    const uint row_there = min(row, params.rows - 1);
    const Terms terms = terms_of(row_there, HALVES * params.rows);
    const Terms up_terms = terms_of((HALVES - 1) * params.rows + row_there, HALVES * params.rows);
    [[unroll]] for (uint t = 0; t < TOKENS; ++t) {
        const uint token = first_token + t;
        const int sum = subgroup_row_sum(acc[t]);
        int up_sum = 0;
        if (EPILOGUE == GLU) up_sum = subgroup_row_sum(acc[(HALVES - 1) * TOKENS + t]);
        if (token < params.tokens && gl_SubgroupInvocationID < 4 && row < params.rows) {
            const uint place = token * params.y_stride + row;
            float other = 0.0;
            if (EPILOGUE == ADD) other = y[place];
            if (EPILOGUE == GLU) other = value_of(up_sum, token, up_terms);
            y[place] = finished(value_of(sum, token, terms), other);
        }
    }
}
