#version 460
// The product of float rows and a matrix of dequantised weights: heads, and layers whose activations are not quantised.
//   x (tokens, WIDTH) f32, weights (rows, WIDTH) as dense.glsl says, scales, bias (rows)  ->  y (tokens, y_stride) f32;  with RESIDUAL, y += the product
// A subgroup takes ROWS rows for TOKENS tokens. The canonical sum has 256 lanes of 4 columns, so that an invocation keeps 256 / SUBGROUP sums of
// each row and token, and a whole round of 1,024 columns of all rows is loaded, 16 bytes a load, before the first of it is used.
// Floor: at one token, the matrix's bytes over the memory's rate; an i8 weight takes about six instructions, which is near that on an H200.
// Defined by Sources/TernaryReference/DenseMatmul.swift, Linear.swift (bias) and Residual.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout(constant_id = 1) const uint WIDTH = 2048;      // columns, padded with zeros to a multiple of 16
layout(constant_id = 2) const uint ROWS = 4;          // of a subgroup; a multiple or a divisor of UNIT_ROWS
layout(constant_id = 3) const uint TOKENS = 1;        // ROWS * TOKENS is at most 8
layout(constant_id = 4) const uint SCALE_COLUMNS = 0;  // that share a scale; 0: the whole matrix
layout(constant_id = 5) const uint BIAS = 0;
layout(constant_id = 6) const uint RESIDUAL = 0;
layout(constant_id = 7) const uint STAGED = 1;        // 1: a round of TOKENS rows of x at a time goes through shared memory

layout(push_constant) uniform Params {
    uint tokens;
    uint rows;       // that are bound
    uint first_row;  // of them, in y and bias
    uint y_stride;
    uint scales_per_row;
    float scale;  // of the whole matrix
} params;

layout(std430, set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Weights { uvec4 units[]; };
layout(std430, set = 0, binding = 2) readonly buffer Scales { float scales[]; };
layout(std430, set = 0, binding = 3) readonly buffer Bias { float bias[]; };
layout(std430, set = 0, binding = 4) buffer Y { float y[]; };

#define LANE_SUMS 1
#include "exact.glsl"
#include "workgroup.glsl"
#include "dense.glsl"

const uint UNITS = WIDTH / 4 / UNIT_QUADS;  // of a row
const uint LANES = SUBGROUP < 256 / UNIT_QUADS ? SUBGROUP : 256 / UNIT_QUADS;
const uint SLABS = 256 / UNIT_QUADS / LANES;
const uint LOADS = (ROWS + UNIT_ROWS - 1) / UNIT_ROWS;  // of a slab
const uint SUMS = SLABS * UNIT_QUADS;

const uint ROUND = SLABS * LANES;  // units, of 1,024 columns

// A round of x: fours of the same place in their units lie together, so that neighbouring invocations read neighbours.
shared vec4 staged[STAGED != 0 ? TOKENS * 256 : 1];

vec4 x_factors(uint token, uint quad) {
    return exact_factor(x[min(gl_WorkGroupID.y * TOKENS + token, params.tokens - 1) * (WIDTH / 4) + min(quad, WIDTH / 4 - 1)]);
}

// The q-th four of a unit of the round that begins at unit `first`.
vec4 x_quad(uint token, uint first, uint unit, uint q) {
    if (STAGED != 0) return staged[(token * UNIT_QUADS + q) * ROUND + unit];
    return x_factors(token, (first + unit) * UNIT_QUADS + q);
}

void stage(uint first) {
    barrier();
    [[unroll]] for (uint token = 0; token < TOKENS; ++token) {
        const uint quad = gl_LocalInvocationIndex;
        staged[(token * UNIT_QUADS + quad % UNIT_QUADS) * ROUND + quad / UNIT_QUADS] = x_factors(token, first * UNIT_QUADS + quad);
    }
    barrier();
}

// The halving tree over 256 lanes, in every invocation: lane (slab * LANES + invocation) * UNIT_QUADS + q. While an invocation holds several q,
// it hands half of them over and goes on with the other half, so that a row takes few exchanges.
float tree_256(float part[SUMS]) {
    const uint own = gl_SubgroupInvocationID;
    precise float value[SUMS];
    [[unroll]] for (uint i = 0; i < SUMS; ++i) value[i] = part[i];
    [[unroll]] for (uint half_count = SUMS / 2; half_count >= UNIT_QUADS; half_count /= 2) {
        [[unroll]] for (uint i = 0; i < half_count; ++i) value[i] = value[i] + value[i + half_count];
    }
    uint stride = LANES / 2;
    [[unroll]] for (uint half_count = UNIT_QUADS / 2; half_count > 0; half_count /= 2) {
        const bool is_upper = (own & stride) != 0;
        [[unroll]] for (uint i = 0; i < half_count; ++i) {
            const float kept = is_upper ? value[i + half_count] : value[i];
            const float given = is_upper ? value[i] : value[i + half_count];
            value[i] = kept + subgroupShuffleXor(given, stride);
        }
        stride /= 2;
    }
    precise float sum = value[0];
    for (; stride > 0; stride /= 2) sum = sum + subgroupShuffleXor(sum, stride);
    [[unroll]] for (uint apart = LANES / 2; apart > LANES / 2 / UNIT_QUADS; apart /= 2) sum = sum + subgroupShuffleXor(sum, apart);
    return sum;
}

void main() {
    const uint first_token = gl_WorkGroupID.y * TOKENS;
    const uint first_row = (gl_WorkGroupID.x * SUBGROUPS + gl_SubgroupID) * ROWS;
    const uint lane = gl_SubgroupInvocationID;
    const uint last_group = (params.rows - 1) / UNIT_ROWS;

    precise float sums[ROWS * TOKENS * SUMS];
    [[unroll]] for (uint i = 0; i < ROWS * TOKENS * SUMS; ++i) sums[i] = 0.0;
    for (uint first = 0; first < UNITS; first += ROUND) {
        uvec4 unit[SLABS * LOADS];
        float scale[SLABS * ROWS];
        [[unroll]] for (uint slab = 0; slab < SLABS; ++slab) {
            const uint place = min(first + slab * LANES + lane, UNITS - 1);
            [[unroll]] for (uint l = 0; l < LOADS; ++l) {
                unit[slab * LOADS + l] = units[min(first_row / UNIT_ROWS + l, last_group) * UNITS + place];
            }
            [[unroll]] for (uint r = 0; r < ROWS; ++r) {
                scale[slab * ROWS + r] = params.scale;
                if (HAS_SCALES && SCALE_COLUMNS != 0) {
                    scale[slab * ROWS + r] =
                        scales[min(first_row + r, params.rows - 1) * params.scales_per_row + place * 4 * UNIT_QUADS / SCALE_COLUMNS];
                }
            }
        }
        // The weights are on their way.
        if (STAGED != 0) stage(first);
        [[unroll]] for (uint slab = 0; slab < SLABS; ++slab) {
            const uint within = slab * LANES + lane;
            if (first + within < UNITS && lane < LANES) {
                [[unroll]] for (uint q = 0; q < UNIT_QUADS; ++q) {
                    vec4 a[TOKENS];
                    [[unroll]] for (uint t = 0; t < TOKENS; ++t) a[t] = x_quad(t, first, within, q);
                    [[unroll]] for (uint r = 0; r < ROWS; ++r) {
                        const uint unit_row = ROWS < UNIT_ROWS ? first_row % UNIT_ROWS + r : r % UNIT_ROWS;
                        const vec4 w = unit_quad(unit[slab * LOADS + r / UNIT_ROWS], q, unit_row, scale[slab * ROWS + r]);
                        [[unroll]] for (uint t = 0; t < TOKENS; ++t) {
                            precise vec4 product = a[t] * w;
                            const uint at = ((r * TOKENS + t) * SLABS + slab) * UNIT_QUADS + q;
                            sums[at] = sums[at] + product.x;
                            sums[at] = sums[at] + product.y;
                            sums[at] = sums[at] + product.z;
                            sums[at] = sums[at] + product.w;
                        }
                    }
                }
            }
        }
    }

    // Invocation i keeps and stores the i-th of the sums.
    float own = 0.0;
    [[unroll]] for (uint i = 0; i < ROWS * TOKENS; ++i) {
        float part[SUMS];
        [[unroll]] for (uint k = 0; k < SUMS; ++k) part[k] = sums[i * SUMS + k];
        const float sum = tree_256(part);
        if (lane == i) own = settle(sum);
    }
    const uint row = first_row + lane / TOKENS;
    const uint token = first_token + lane % TOKENS;
    if (lane >= ROWS * TOKENS || row >= params.rows || token >= params.tokens) return;
    const uint out_row = params.first_row + row;
    const uint place = token * params.y_stride + out_row;
    if (BIAS != 0) own = settled_sum(own, bias[out_row]);
    if (RESIDUAL != 0) own = settled_sum(y[place], own);
    y[place] = own;
}
