#version 460
// The ternary product and its scales: the third of the unfused BitLinear's three dispatches.
//   codes (tokens, WIDTH) i8, step, code_sum (tokens), weights (rows, WIDTH) T2  ->  y (tokens, y_stride) f32
// One subgroup takes 4 rows for TOKENS tokens: it reads their weights once, 16 bytes a load, DEPTH loads ahead of their use, and the
// codes from device memory, where the work group's other subgroups have just read the same.
// Defined by Sources/TernaryReference/TernaryMatmul.swift
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#ifdef INTEGER_DOT
#extension GL_EXT_spirv_intrinsics : require
#endif

layout(constant_id = 1) const uint WIDTH = 2048;
layout(constant_id = 2) const uint TOKENS = 1;
layout(constant_id = 3) const uint DEPTH = 4;

layout(push_constant) uniform Params {
    uint tokens;
    uint rows;  // rows of the matrix
    uint y_stride;
    float scale;
} params;

layout(std430, set = 0, binding = 0) readonly buffer Codes { uvec4 codes[]; };
layout(std430, set = 0, binding = 1) readonly buffer Step { float steps[]; };
layout(std430, set = 0, binding = 2) readonly buffer CodeSum { int code_sums[]; };
layout(std430, set = 0, binding = 3) readonly buffer Weights { uvec4 tiles[]; };
layout(std430, set = 0, binding = 4) writeonly buffer Y { float y[]; };

#include "exact.glsl"
#define LANE_SUMS 1
#include "workgroup.glsl"
#include "dot4.glsl"

const uint TILES = WIDTH / 16;

void main() {
    const uint group = gl_WorkGroupID.x * SUBGROUPS + gl_SubgroupID;
    const uint first_token = gl_WorkGroupID.y * TOKENS;
    if (group * 4 >= params.rows) return;
    ivec4 acc[TOKENS];
    [[unroll]] for (uint t = 0; t < TOKENS; ++t) acc[t] = ivec4(0);
    for (uint first = gl_SubgroupInvocationID; first < TILES; first += DEPTH * SUBGROUP) {
        uvec4 tile[DEPTH];
        [[unroll]] for (uint d = 0; d < DEPTH; ++d) {
            const uint at = first + d * SUBGROUP;
            tile[d] = at < TILES ? tiles[group * TILES + at] : uvec4(0);
        }
        [[unroll]] for (uint d = 0; d < DEPTH; ++d) {
            const uint at = min(first + d * SUBGROUP, TILES - 1);
            [[unroll]] for (uint t = 0; t < TOKENS; ++t) {
                const uint token = min(first_token + t, params.tokens - 1);
                acc[t] = tile_product(tile[d], codes[token * TILES + at], acc[t]);
            }
        }
    }
    [[unroll]] for (uint t = 0; t < TOKENS; ++t) {
        const uint token = first_token + t;
        const ivec4 sum = subgroupAdd(acc[t]);
        if (token < params.tokens && subgroupElect()) {
            const float scale = settled_product(steps[token], params.scale);
            for (uint r = 0; r < 4 && group * 4 + r < params.rows; ++r) {
                y[token * params.y_stride + group * 4 + r] = settled_product(float(sum[r] - code_sums[token]), scale);
            }
        }
    }
}
