// All that a table of kernels has beside its integer products, for the vectors and the instruction set of the including file.
#pragma once

#include "attention.h"
#include "ceiling_loops.h"
#include "keep.h"
#include "rows.h"
#include "ternary_floats.h"

static ct_row transformer_quantize(
    const float *x, const float *combined, size_t width, float root_inverse, float *weighted, int8_t *panel, size_t token,
    size_t tokens) {
    if (combined) return quantize_row(x, combined, width, root_inverse, weighted, panel, token, tokens, true, true);
    return quantize_row(x, x, width, root_inverse, weighted, panel, token, tokens, false, true);
}

static void transformer_scale(ct_sums sums, float *restrict out, size_t count) {
    if (sums.row_scales) {
        for (size_t c = 0; c < count; c++)
            out[c] = exact_settle((float)(sums.sums[c] - sums.offset) * exact_settle(sums.step * sums.row_scales[c]));
    } else {
        const float scale = exact_settle(sums.step * sums.scale);
        for (size_t c = 0; c < count; c++) out[c] = exact_settle((float)(sums.sums[c] - sums.offset) * scale);
    }
}

static void transformer_add(const float *restrict x, float *restrict y, size_t count) {
    for (size_t c = 0; c < count; c++) y[c] = exact_settle(y[c] + x[c]);
}

static void transformer_glu(
    const float *restrict gate, const float *restrict up, bool squared_relu, float *restrict out, size_t count) {
    if (squared_relu) {
        for (size_t c = 0; c < count; c++) {
            const float positive = gate[c] > 0 ? gate[c] : 0;
            out[c] = exact_settle(exact_settle(positive * positive) * up[c]);
        }
    } else {
        for (size_t c = 0; c < count; c++) out[c] = exact_settle(exact_silu(gate[c]) * up[c]);
    }
}

static void transformer_rms_norm(const float *x, const float *weight, size_t width, float epsilon, float *out) {
    const float root_inverse = exact_reciprocal_square_root(mean_square(x, width) + epsilon);
    for (size_t j = 0; j < width; j++) out[j] = exact_settle(exact_settle(x[j] * root_inverse) * weight[j]);
}

static void transformer_rotate(float *head, const float *restrict cosines, const float *restrict sines, size_t size) {
    const size_t half = size / 2;
    float *restrict low = head, *restrict high = head + half;
    for (size_t i = 0; i < half; i++) {
        const float a = low[i], b = high[i];
        low[i] = exact_settle(exact_settle(a * cosines[i]) - exact_settle(b * sines[i]));
        high[i] = exact_settle(exact_settle(b * cosines[i]) + exact_settle(a * sines[i]));
    }
}

static void transformer_factor(const float *restrict x, float *restrict out, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = exact_factor(x[i]);
}

static const ct_transformer transformer = {
    .quantize = transformer_quantize,
    .scale = transformer_scale,
    .add = transformer_add,
    .glu = transformer_glu,
    .rms_norm = transformer_rms_norm,
    .rotate = transformer_rotate,
    .factor = transformer_factor,
    .spread = dense_spread,
    .multiply_dense = dense_multiply,
    .multiply_ternary = ternary_multiply,
    .keep = keep_row,
    .recall = recall_row,
    .recall_chunk = recall_chunk,
    .attend = attention_attend,
    .join = attention_join,
    .finish = attention_finish,
};
