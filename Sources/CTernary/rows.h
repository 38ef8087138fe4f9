// Element-wise work on rows, in plain loops that the compiler vectorises for whatever instruction set it is told.
//
// Included once by each table of kernels. Every element is computed by exact.h alone and sums have a fixed order, so
// the width of the vectors does not show in the result.
#include "exact.h"
#include "kernels.h"

EXACT_FUNCTION float square(float x) { return exact_settle(x * x); }

// One step of the halving tree.
#define CT_HALVE(step) \
    for (size_t lane = 0; lane < (step); lane++) lanes[lane] += lanes[lane + (step)]

#define CT_MEAN_SQUARE(name, parameters, value)                                            \
    static float name parameters {                                                         \
        float lanes[EXACT_LANES] = {0};                                                    \
        for (size_t first = 0; first < width; first += 4 * EXACT_LANES) {                  \
            const size_t count = width - first < 4 * EXACT_LANES ? width - first : 4 * EXACT_LANES; \
            for (size_t lane = 0; lane < count / 4; lane++) {                              \
                const size_t j = first + 4 * lane;                                         \
                lanes[lane] = (((lanes[lane] + value(j)) + value(j + 1)) + value(j + 2)) + value(j + 3); \
            }                                                                              \
            for (size_t j = first + count / 4 * 4; j < first + count; j++) lanes[count / 4] += value(j); \
        }                                                                                  \
        CT_HALVE(128);                                                                     \
        CT_HALVE(64);                                                                      \
        CT_HALVE(32);                                                                      \
        CT_HALVE(16);                                                                      \
        CT_HALVE(8);                                                                       \
        CT_HALVE(4);                                                                       \
        CT_HALVE(2);                                                                       \
        CT_HALVE(1);                                                                       \
        return lanes[0] * (1.0f / (float)width);                                           \
    }

#define CT_PLAIN(j) square(x[j])
#define CT_WEIGHTED(j) square(exact_settle(x[j] * weight[j]))
CT_MEAN_SQUARE(mean_square, (const float *restrict x, size_t width), CT_PLAIN)
CT_MEAN_SQUARE(mean_square_weighted, (const float *restrict x, const float *restrict weight, size_t width), CT_WEIGHTED)
#undef CT_PLAIN
#undef CT_WEIGHTED

static float rows_root_inverse(
    const float *x, const float *statistic, const float *outer, size_t width, float outer_epsilon, float epsilon) {
    if (!outer) return exact_reciprocal_square_root(mean_square(x, width) + epsilon);
    const float outer_inverse =
        exact_reciprocal_square_root(mean_square(statistic ? statistic : x, width) + outer_epsilon);
    const float mean = mean_square_weighted(x, outer, width) * (outer_inverse * outer_inverse);
    return outer_inverse * exact_reciprocal_square_root(mean + epsilon);
}

EXACT_FUNCTION ct_row quantize_row(
    const float *restrict x, const float *restrict combined, size_t width, float root_inverse, float *restrict weighted,
    int8_t *restrict panel, size_t token, size_t tokens, bool is_weighted, bool halves_to_even) {
    // Magnitudes order as their bit patterns do, and the compiler vectorises a maximum of integers.
    uint32_t largest_bits = 0;
    for (size_t j = 0; j < width; j++) {
        const float value = exact_settle(is_weighted ? x[j] * combined[j] : x[j]);
        const uint32_t magnitude = exact_bits(value) & 0x7FFFFFFFu;
        weighted[j] = value;
        largest_bits = magnitude > largest_bits ? magnitude : largest_bits;
    }
    const float largest = exact_from_bits(largest_bits);
    const float peak = largest * root_inverse;
    const float levels = peak > 1e-5f ? 127 * exact_reciprocal(largest) : 12700000.0f * root_inverse;

    // The codes take the place of the values they come from: four bytes where there were sixteen.
    int8_t *codes = tokens == 1 ? panel : (int8_t *)weighted;
    const size_t padded = (width + 63) & ~(size_t)63;
    int32_t sum = 0;
    for (size_t first = 0; first < width; first += 64) {
        const size_t count = width - first < 64 ? width - first : 64;
        int8_t block[64];
        int32_t block_sum = 0;
        if (count < 64) memset(block, 0, sizeof block);
        for (size_t j = 0; j < count; j++) {
            const float level = weighted[first + j] * levels;
            const int32_t code = halves_to_even ? exact_round_to_int8_even(level) : exact_round_to_int8(level);
            block[j] = (int8_t)code;
            block_sum += code;
        }
        memcpy(codes + first, block, 64);
        sum += block_sum;
    }
    if (tokens > 1)
        for (size_t quad = 0; quad < padded / 4; quad++)
            memcpy(panel + (quad * CT_PANEL_TOKENS + token) * 4, codes + quad * 4, 4);

    return (ct_row){.step = (peak > 1e-5f ? peak : 1e-5f) * (1.0f / 127), .sum = sum};
}

static ct_row rows_quantize(
    const float *x, const float *combined, size_t width, float root_inverse, float *weighted, int8_t *panel, size_t token,
    size_t tokens) {
    return quantize_row(x, combined, width, root_inverse, weighted, panel, token, tokens, true, false);
}

EXACT_FUNCTION float product_at(ct_product product, size_t row) {
    return exact_settle((float)(product.sums[row] - product.offset) * product.scale);
}

EXACT_FUNCTION void mlgru_loop(
    ct_product input, ct_product forget, ct_product gate, const float *restrict lower_bound, float *restrict state,
    float *restrict gate_out, float *restrict gated_out, size_t count, bool bounded) {
    for (size_t c = 0; c < count; c++) {
        const float s = exact_sigmoid(product_at(forget, c));
        const float f = bounded ? lower_bound[c] + (1 - lower_bound[c]) * s : s;
        const float i = exact_settle(exact_silu(product_at(input, c)) * (1 - f));
        const float h = exact_settle(exact_settle(f * state[c]) + i);
        const float g = product_at(gate, c);
        state[c] = h;
        gate_out[c] = g;
        gated_out[c] = exact_settle(g * exact_silu(h));
    }
}

static void rows_mlgru(
    ct_product input, ct_product forget, ct_product gate, const float *lower_bound, float *state, float *gate_out,
    float *gated_out, size_t count) {
    if (lower_bound)
        mlgru_loop(input, forget, gate, lower_bound, state, gate_out, gated_out, count, true);
    else
        mlgru_loop(input, forget, gate, state, state, gate_out, gated_out, count, false);
}

static void rows_glu(ct_product gate, ct_product up, float *restrict out, size_t count) {
    for (size_t c = 0; c < count; c++) out[c] = exact_settle(exact_silu(product_at(gate, c)) * product_at(up, c));
}

static void rows_residual(ct_product product, float *restrict x, size_t count) {
    for (size_t c = 0; c < count; c++) x[c] = exact_settle(x[c] + product_at(product, c));
}

static void rows_scale(ct_product product, float *restrict out, size_t count) {
    for (size_t c = 0; c < count; c++) out[c] = product_at(product, c);
}

// The element-wise part of a table.
#define CT_ROWS                                                                             \
    .root_inverse = rows_root_inverse, .quantize = rows_quantize, .mlgru = rows_mlgru, .glu = rows_glu, \
    .residual = rows_residual, .scale = rows_scale, .transformer = &transformer, .ceilings = &ceilings
