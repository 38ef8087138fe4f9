// The prologue of a fused BitLinear: RMSNorm and int8 quantisation of TOKENS rows into shared memory, NORMS different
// weightings of each. Nothing of it is written to device memory.
//
// What it waits for is latency, not work, so all rows go through it together: every load is issued before the first use, one
// subgroup a row finds the row's factors, and there are three barriers whatever TOKENS is.
// Defined by Sources/TernaryReference/RMSNorm.swift and Quantize.swift; the includer declares NORMS and the buffers:
//   value(row, v), statistic(row, v), outer(v), combined(n, v): the v-th vec4 of a row or of a weight, WIDTH / 4 of them;
// SAME_STATISTIC tells that statistic is value.
#ifndef PROLOGUE_GLSL
#define PROLOGUE_GLSL

layout(constant_id = 1) const uint WIDTH = 2048;           // columns, padded to a multiple of 16
layout(constant_id = 2) const float INVERSE_WIDTH = 0.0;   // 1 / columns
layout(constant_id = 3) const uint HAS_OUTER = 1;          // 1: a block norm stands before BitLinear's own
layout(constant_id = 4) const float OUTER_EPSILON = 1e-6;
layout(constant_id = 5) const uint TOKENS = 1;             // rows that one work group takes

#include "exact.glsl"
#include "workgroup.glsl"

const uint VECTORS = WIDTH / 4;
const uint VECTORS_EACH = (VECTORS + WG_SIZE - 1) / WG_SIZE;

shared uvec4 codes[TOKENS * NORMS * (WIDTH / 16)];  // 16 int8 activations an element
shared int code_sums[TOKENS * NORMS];
shared float steps[TOKENS * NORMS];
shared float levels[TOKENS * NORMS];
shared float subgroup_peaks[TOKENS * NORMS * SUBGROUPS];

#include "norm.glsl"
#include "quantizer.glsl"

// Fills codes, code_sums and steps for the rows first_row ... first_row + TOKENS - 1 (clamped to last_row).
void quantize_rows(uint first_row, uint last_row) {
    const uint lane = gl_LocalInvocationIndex;
    for (uint i = lane; i < TOKENS * NORMS; i += WG_SIZE) code_sums[i] = 0;

    // Past the end of a row, which only the last round can be, the row's last vector is loaded and counted as zero.
    vec4 x[TOKENS * VECTORS_EACH];
    vec4 s[TOKENS * VECTORS_EACH];
    vec4 o[VECTORS_EACH];
    vec4 c[NORMS * VECTORS_EACH];
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
        const uint v = min(lane + i * WG_SIZE, VECTORS - 1);
        [[unroll]] for (uint t = 0; t < TOKENS; ++t) {
            x[t * VECTORS_EACH + i] = value(min(first_row + t, last_row), v);
            if (HAS_OUTER != 0 && !SAME_STATISTIC) s[t * VECTORS_EACH + i] = statistic(min(first_row + t, last_row), v);
        }
        if (HAS_OUTER != 0) o[i] = outer(v);
        [[unroll]] for (uint n = 0; n < NORMS; ++n) c[n * VECTORS_EACH + i] = combined(n, v);
    }

    [[unroll]] for (uint t = 0; t < TOKENS; ++t) {
        float peaks[NORMS];
        [[unroll]] for (uint n = 0; n < NORMS; ++n) peaks[n] = 0.0;
        float squares = 0.0;
        float outer_squares = 0.0;
        [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
            const uint at = t * VECTORS_EACH + i;
            if (lane + i * WG_SIZE >= VECTORS) x[at] = vec4(0.0);
            if (HAS_OUTER != 0) {
                vec4 measured = SAME_STATISTIC ? x[at] : s[at];
                if (lane + i * WG_SIZE >= VECTORS) measured = vec4(0.0);
                outer_squares = add_squares(outer_squares, measured);
                squares = add_squares(squares, settled_product(x[at], o[i]));
            } else {
                squares = add_squares(squares, x[at]);
            }
            [[unroll]] for (uint n = 0; n < NORMS; ++n) {
                peaks[n] = max(peaks[n], largest(settled_product(x[at], c[n * VECTORS_EACH + i])));
            }
        }
        lane_sums[t * 2][lane] = squares;
        if (HAS_OUTER != 0) lane_sums[t * 2 + 1][lane] = outer_squares;
        [[unroll]] for (uint n = 0; n < NORMS; ++n) {
            const float peak = subgroupMax(peaks[n]);
            if (subgroupElect()) subgroup_peaks[(t * NORMS + n) * SUBGROUPS + gl_SubgroupID] = peak;
        }
    }
    barrier();

    for (uint t = gl_SubgroupID; t < TOKENS; t += SUBGROUPS) {
        const float root_inverse = norm_root_inverse(t * 2);
        if (gl_SubgroupInvocationID < NORMS) {
            const uint slot = t * NORMS + gl_SubgroupInvocationID;
            float row_peak = 0.0;
            for (uint p = 0; p < SUBGROUPS; ++p) row_peak = max(row_peak, subgroup_peaks[slot * SUBGROUPS + p]);
            levels[slot] = quantizer_levels(row_peak, root_inverse);
            steps[slot] = quantizer_step(row_peak, root_inverse);
        }
    }
    barrier();

    [[unroll]] for (uint t = 0; t < TOKENS; ++t) {
        [[unroll]] for (uint n = 0; n < NORMS; ++n) {
            const uint slot = t * NORMS + n;
            const float factor = levels[slot];
            int sum = 0;
            [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
                const uint v = lane + i * WG_SIZE;
                int part;
                const vec4 weighted = settled_product(x[t * VECTORS_EACH + i], c[n * VECTORS_EACH + i]);
                const uint packed = pack_codes(weighted, factor, part);
                sum += part;
                if (v < VECTORS) codes[slot * (WIDTH / 16) + v / 4][v & 3] = packed;
            }
            sum = subgroupAdd(sum);
            if (subgroupElect()) atomicAdd(code_sums[slot], sum);
        }
    }
    barrier();
}

#endif
