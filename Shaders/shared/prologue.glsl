// The prologue of a fused BitLinear: RMSNorm and int8 quantisation of TOKENS rows into shared memory, NORMS different
// weightings of each. Nothing of it is written to device memory.
// Defined by Sources/TernaryReference/RMSNorm.swift and Quantize.swift; the includer declares NORMS and the buffers:
//   value(row, v), statistic(row, v), outer(v), combined(n, v): the v-th vec4 of a row or of a weight, WIDTH / 4 of them.
#ifndef PROLOGUE_GLSL
#define PROLOGUE_GLSL

#include "exact.glsl"
#include "workgroup.glsl"

layout(constant_id = 1) const uint WIDTH = 2048;           // columns, padded to a multiple of 16
layout(constant_id = 2) const float INVERSE_WIDTH = 0.0;   // 1 / columns
layout(constant_id = 3) const uint HAS_OUTER = 1;          // 1: a block norm stands before BitLinear's own
layout(constant_id = 4) const float OUTER_EPSILON = 1e-6;
layout(constant_id = 5) const uint TOKENS = 1;             // rows that one work group takes

const uint VECTORS = WIDTH / 4;
const uint VECTORS_EACH = (VECTORS + WG_SIZE - 1) / WG_SIZE;

shared uvec4 codes[TOKENS * NORMS * (WIDTH / 16)];  // 16 int8 activations an element
shared int code_sums[TOKENS * NORMS];
shared float steps[TOKENS * NORMS];
shared float subgroup_peaks[NORMS * 32];

#include "norm.glsl"
#include "quantizer.glsl"

// Fills codes, code_sums and steps for the rows first_row ... first_row + TOKENS - 1 (clamped to last_row).
void quantize_rows(uint first_row, uint last_row) {
    const uint lane = gl_LocalInvocationIndex;
    for (uint i = lane; i < TOKENS * NORMS; i += WG_SIZE) code_sums[i] = 0;

    for (uint token = 0; token < TOKENS; ++token) {
        const uint row = min(first_row + token, last_row);
        vec4 weighted[NORMS * VECTORS_EACH];
        float peaks[NORMS];
        for (uint n = 0; n < NORMS; ++n) peaks[n] = 0.0;
        float squares = 0.0;
        float outer_squares = 0.0;
        for (uint i = 0; i < VECTORS_EACH; ++i) {
            const uint v = lane + i * WG_SIZE;
            if (v < VECTORS) {
                const vec4 x = value(row, v);
                if (HAS_OUTER != 0) {
                    outer_squares = add_squares(outer_squares, statistic(row, v));
                    squares = add_squares(squares, settled_product(x, outer(v)));
                } else {
                    squares = add_squares(squares, x);
                }
                for (uint n = 0; n < NORMS; ++n) {
                    const vec4 w = settled_product(x, combined(n, v));
                    weighted[n * VECTORS_EACH + i] = w;
                    peaks[n] = max(peaks[n], largest(w));
                }
            }
        }

        lane_sums[0][lane] = squares;
        if (HAS_OUTER != 0) lane_sums[1][lane] = outer_squares;
        for (uint n = 0; n < NORMS; ++n) {
            const float peak = subgroupMax(peaks[n]);
            if (subgroupElect()) subgroup_peaks[n * 32 + gl_SubgroupID] = peak;
        }
        barrier();

        const float root_inverse = norm_root_inverse();
        for (uint n = 0; n < NORMS; ++n) {
            float row_peak = 0.0;
            for (uint s = 0; s < SUBGROUPS; ++s) row_peak = max(row_peak, subgroup_peaks[n * 32 + s]);
            const float levels = quantizer_levels(row_peak, root_inverse);
            const uint slot = token * NORMS + n;
            int sum = 0;
            for (uint i = 0; i < VECTORS_EACH; ++i) {
                const uint v = lane + i * WG_SIZE;
                if (v < VECTORS) {
                    int part;
                    codes[slot * (WIDTH / 16) + v / 4][v & 3] = pack_codes(weighted[n * VECTORS_EACH + i], levels, part);
                    sum += part;
                }
            }
            sum = subgroupAdd(sum);
            if (subgroupElect()) atomicAdd(code_sums[slot], sum);
            if (lane == 0) steps[slot] = quantizer_step(row_peak, root_inverse);
        }
        barrier();
    }
}

#endif
