#version 460
// int8 quantisation of normalised rows: the second of the unfused BitLinear's three dispatches.
//   weighted (rows, WIDTH) f32, root_inverse (rows) f32  ->  codes (rows, WIDTH) i8, step (rows) f32, code_sum (rows) i32
// One work group takes one row.
// Defined by Sources/TernaryReference/Quantize.swift
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout(constant_id = 1) const uint WIDTH = 2048;
layout(constant_id = 2) const uint HALVES_TO_EVEN = 0;

layout(std430, set = 0, binding = 0) readonly buffer Weighted { vec4 weighted[]; };
layout(std430, set = 0, binding = 1) readonly buffer RootInverse { float root_inverse[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Codes { uint codes[]; };  // four a word
layout(std430, set = 0, binding = 3) writeonly buffer Step { float steps[]; };
layout(std430, set = 0, binding = 4) writeonly buffer CodeSum { int code_sums[]; };

#include "quantizer.glsl"
#define LANE_SUMS 1
#include "workgroup.glsl"

shared int subgroup_sums[32];

void main() {
    const uint lane = gl_LocalInvocationIndex;
    const uint row = gl_WorkGroupID.x;
    const uint first = row * (WIDTH / 4);
    float peak = 0.0;
    for (uint v = lane; v < WIDTH / 4; v += WG_SIZE) peak = max(peak, largest(weighted[first + v]));
    lane_peaks[0][lane] = peak;
    barrier();
    peak = largest_of(0);

    const float levels = quantizer_levels(peak, root_inverse[row]);
    int sum = 0;
    for (uint v = lane; v < WIDTH / 4; v += WG_SIZE) {
        int part;
        codes[first + v] = pack_codes(weighted[first + v], levels, part);
        sum += part;
    }
    sum = subgroup_sum(sum);
    if (gl_SubgroupInvocationID == 0) subgroup_sums[gl_SubgroupID] = sum;
    barrier();
    if (lane == 0) {
        sum = 0;
        for (uint s = 0; s < SUBGROUPS; ++s) sum += subgroup_sums[s];
        steps[row] = quantizer_step(peak, root_inverse[row]);
        code_sums[row] = sum;
    }
}
