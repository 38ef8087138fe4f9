// The prologue of a fused BitLinear: RMSNorm and int8 quantisation of one row into shared memory, NORMS different weightings of it.
// Nothing of it is written to device memory.
//
// What it waits for is latency, not work: every load is issued before the first use, every subgroup finds the row's factors for
// itself, and there are two barriers.
// Defined by Sources/TernaryReference/RMSNorm.swift and Quantize.swift.
//
// A template: a shader with several prologues includes it once for each, with another NAME(x) and NORMS. The includer declares
//   NAME(WIDTH), columns padded to a multiple of 16; NAME(INVERSE_WIDTH), 1 / columns; NAME(CHAIN), norms that the row passes: none, the
//   inner one, or an outer one before it; NAME(OUTER_EPSILON); NAME(SEPARATE_STATISTIC), whether the outer norm measures another row;
//   CODE_VECTORS and CODE_ROWS, the most of NORMS * WIDTH / 16 and of NORMS that any of them has;
//   INNER_EPSILON and HALVES_TO_EVEN (quantizer.glsl), which all of them share.

#ifndef PROLOGUE_GLSL
#define PROLOGUE_GLSL
#define LANE_SUMS 2
#define LANE_PEAKS CODE_ROWS
#include "exact.glsl"
#include "workgroup.glsl"
#include "norm.glsl"
#include "quantizer.glsl"

shared uvec4 codes[CODE_VECTORS];  // 16 int8 activations an element
shared int subgroup_code_sums[CODE_ROWS * SUBGROUPS];
shared float steps[CODE_ROWS];
#endif

const bool NAME(HAS_OUTER) = NAME(CHAIN) == 2;
const uint NAME(VECTORS) = NAME(WIDTH) / 4;
const uint NAME(VECTORS_EACH) = (NAME(VECTORS) + WG_SIZE - 1) / WG_SIZE;

// Left to the includer: the v-th vec4 of the weights, asked for where there are any, and a lane's vectors of the row and of the row that
// the outer norm measures. Past the end of a row, which only the last round can be, its last vector may be loaded; it counts as zero.
vec4 NAME(outer)(uint v);
vec4 NAME(combined)(uint n, uint v);
void NAME(load_row)(out vec4 x[NAME(VECTORS_EACH)], out vec4 s[NAME(VECTORS_EACH)]);

// A lane's i-th vector.
uint NAME(vector)(uint i) { return min(gl_LocalInvocationIndex + i * WG_SIZE, NAME(VECTORS) - 1); }

// Fills codes, subgroup_code_sums and steps. What they held before may be in use until every invocation has come here.
void NAME(quantize_row)() {
    const uint lane = gl_LocalInvocationIndex;
    vec4 x[NAME(VECTORS_EACH)];
    vec4 s[NAME(VECTORS_EACH)];
    vec4 o[NAME(VECTORS_EACH)];
    vec4 c[NORMS * NAME(VECTORS_EACH)];
    [[unroll]] for (uint i = 0; i < NAME(VECTORS_EACH); ++i) {
        if (NAME(HAS_OUTER)) o[i] = NAME(outer)(NAME(vector)(i));
        [[unroll]] for (uint n = 0; n < NORMS; ++n) {
            c[n * NAME(VECTORS_EACH) + i] = NAME(CHAIN) == 0 ? vec4(1.0) : NAME(combined)(n, NAME(vector)(i));
        }
    }
    NAME(load_row)(x, s);

    float peaks[NORMS];
    [[unroll]] for (uint n = 0; n < NORMS; ++n) peaks[n] = 0.0;
    float squares = 0.0;
    float outer_squares = 0.0;
    [[unroll]] for (uint i = 0; i < NAME(VECTORS_EACH); ++i) {
        const bool is_past = lane + i * WG_SIZE >= NAME(VECTORS);
        if (is_past) x[i] = vec4(0.0);
        if (NAME(HAS_OUTER)) {
            vec4 measured = x[i];
            if (NAME(SEPARATE_STATISTIC) != 0) measured = is_past ? vec4(0.0) : s[i];
            outer_squares = add_squares(outer_squares, measured);
            squares = add_weighted_squares(squares, x[i], o[i]);
        } else if (NAME(CHAIN) != 0) {
            squares = add_squares(squares, x[i]);
        }
        [[unroll]] for (uint n = 0; n < NORMS; ++n) {
            precise vec4 weighted = x[i] * c[n * NAME(VECTORS_EACH) + i];
            peaks[n] = max(peaks[n], largest(weighted));
        }
    }
    if (NAME(CHAIN) != 0) lane_sums[0][lane] = squares;
    if (NAME(HAS_OUTER)) lane_sums[1][lane] = outer_squares;
    [[unroll]] for (uint n = 0; n < NORMS; ++n) lane_peaks[n][lane] = peaks[n];
    barrier();

    const float root_inverse = norm_root_inverse(NAME(INVERSE_WIDTH), NAME(CHAIN), NAME(OUTER_EPSILON), INNER_EPSILON);
    [[unroll]] for (uint n = 0; n < NORMS; ++n) {
        const float row_peak = settle(largest_of(n));  // the largest settled value is the largest value settled
        if (lane == n) steps[n] = quantizer_step(row_peak, root_inverse);
        const float levels = quantizer_levels(row_peak, root_inverse);
        int sum = 0;
        [[unroll]] for (uint i = 0; i < NAME(VECTORS_EACH); ++i) {
            const uint v = lane + i * WG_SIZE;
            int part;
            precise vec4 weighted = x[i] * c[n * NAME(VECTORS_EACH) + i];
            const uint packed = pack_codes(weighted, levels, part);
            sum += part;
            if (v < NAME(VECTORS)) codes[n * (NAME(WIDTH) / 16) + v / 4][v & 3] = packed;
        }
        sum = subgroup_sum(sum);
        if (gl_SubgroupInvocationID == 0) subgroup_code_sums[n * SUBGROUPS + gl_SubgroupID] = sum;
    }
    barrier();
}
