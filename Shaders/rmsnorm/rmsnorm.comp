#version 460
// The norms in front of a ternary matrix, alone; none, one or two: the first of the unfused BitLinear's three dispatches.
//   x (rows, WIDTH) f32  ->  weighted = x * combined (rows, WIDTH) f32, root_inverse (rows) f32; their product is the normalised row
// One work group takes one row.
// Defined by Sources/TernaryReference/RMSNorm.swift (bitLinearNorm).
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout(std430, set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Statistic { vec4 statistic[]; };
layout(std430, set = 0, binding = 2) readonly buffer Outer { vec4 outer[]; };
layout(std430, set = 0, binding = 3) readonly buffer Combined { vec4 combined[]; };
layout(std430, set = 0, binding = 4) writeonly buffer Weighted { vec4 weighted[]; };
layout(std430, set = 0, binding = 5) writeonly buffer RootInverse { float root_inverse[]; };

#define LANE_SUMS 2
#include "row_constants.glsl"
#include "exact.glsl"
#include "workgroup.glsl"
#include "norm.glsl"

void main() {
    const uint lane = gl_LocalInvocationIndex;
    const uint first = gl_WorkGroupID.x * (WIDTH / 4);
    float squares = 0.0;
    float outer_squares = 0.0;
    for (uint v = lane; v < WIDTH / 4; v += WG_SIZE) {
        const vec4 value = x[first + v];
        if (CHAIN == 2) {
            outer_squares = add_squares(outer_squares, statistic[first + v]);
            squares = add_weighted_squares(squares, value, outer[v]);
        } else {
            squares = add_squares(squares, value);
        }
        weighted[first + v] = settled_product(value, CHAIN == 0 ? vec4(1.0) : combined[v]);
    }
    lane_sums[0][lane] = squares;
    if (CHAIN == 2) lane_sums[1][lane] = outer_squares;
    barrier();
    const float inverse = norm_root_inverse(INVERSE_WIDTH, CHAIN, OUTER_EPSILON, INNER_EPSILON);
    if (lane == 0) root_inverse[gl_WorkGroupID.x] = inverse;
}
