#version 460
// The ternary product and its scales: the third of the unfused BitLinear's three dispatches.
//   codes (tokens, WIDTH) i8, step, code_sum (tokens), weights (rows, WIDTH) T2  ->  y (tokens, y_stride) f32
// One subgroup takes 4 rows for one token; weights and codes come from device memory, 16 bytes a load each.
// Defined by Sources/TernaryReference/TernaryMatmul.swift
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#ifdef INTEGER_DOT
#extension GL_EXT_spirv_intrinsics : require
#endif

layout(constant_id = 1) const uint WIDTH = 2048;

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
#include "workgroup.glsl"
#include "dot4.glsl"

void main() {
    const uint group = gl_WorkGroupID.x * SUBGROUPS + gl_SubgroupID;
    const uint token = gl_WorkGroupID.y;
    if (group * 4 >= params.rows) return;
    ivec4 acc = ivec4(0);
    for (uint i = gl_SubgroupInvocationID; i < WIDTH / 16; i += SUBGROUP) {
        acc = tile_product(tiles[group * (WIDTH / 16) + i], codes[token * (WIDTH / 16) + i], acc);
    }
    acc = subgroupAdd(acc) - code_sums[token];
    const float scale = settled_product(steps[token], params.scale);
    if (subgroupElect()) {
        for (uint r = 0; r < 4 && group * 4 + r < params.rows; ++r) {
            y[token * params.y_stride + group * 4 + r] = settled_product(float(acc[r]), scale);
        }
    }
}
