#version 460
// Rows normalised by their root mean square and weighted, as floats: for the final norm, and for what is not quantised.
//   x rows [first_row, ...) of (tokens, WIDTH), weight (WIDTH) f32  ->  y (rows, WIDTH) f32
// One work group takes one row.
// Defined by Sources/TernaryReference/RMSNorm.swift (rmsNorm).
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout(constant_id = 1) const uint WIDTH = 2048;  // padded with zeros to a multiple of 16
layout(constant_id = 2) const float INVERSE_WIDTH = 0.0;
layout(constant_id = 3) const float EPSILON = 1e-6;

layout(push_constant) uniform Params { uint first_row; } params;

layout(std430, set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Weight { vec4 weight[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Y { vec4 y[]; };

#define LANE_SUMS 1
#include "exact.glsl"
#include "workgroup.glsl"
#include "norm.glsl"

void main() {
    const uint lane = gl_LocalInvocationIndex;
    const uint first = (params.first_row + gl_WorkGroupID.x) * (WIDTH / 4);
    float squares = 0.0;
    for (uint v = lane; v < WIDTH / 4; v += WG_SIZE) squares = add_squares(squares, x[first + v]);
    lane_sums[0][lane] = squares;
    barrier();
    precise float mean = tree_sum(0) * INVERSE_WIDTH;
    precise float biased = mean + EPSILON;
    const float inverse = exact_rsqrt(biased);
    for (uint v = lane; v < WIDTH / 4; v += WG_SIZE) {
        y[gl_WorkGroupID.x * (WIDTH / 4) + v] = settled_product(settled_product(x[first + v], vec4(inverse)), weight[v]);
    }
}
