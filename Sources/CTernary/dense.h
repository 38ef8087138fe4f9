// Products of floats: sum of x[j] * w[j] in the canonical order, in which value j belongs to lane (j / 4) mod 256.
//
// A vector holds neighbouring lanes, so it takes CT_WIDTH groups of four columns at a time: vector b has column 4 i + b for lane i. The
// inputs are stored so ("spread"); weights are brought into that order as they are read. Inputs past the last column are zeros.
#pragma once

#include "transformer.h"
#include "vectors.h"

enum {
    // Columns of four vectors.
    CT_BLOCK = 4 * CT_WIDTH,
    // Vectors of lanes.
    CT_SLOTS = EXACT_LANES / CT_WIDTH,
};

static void dense_spread(const float *restrict x, size_t width, float *restrict out) {
    const size_t padded = (width + CT_SPREAD_COLUMNS - 1) / CT_SPREAD_COLUMNS * CT_SPREAD_COLUMNS;
    for (size_t first = 0; first < padded; first += CT_BLOCK) {
        float block[CT_BLOCK] = {0};
        const size_t left = first < width ? width - first : 0;
        for (size_t j = 0; j < (left < CT_BLOCK ? left : CT_BLOCK); j++) block[j] = exact_factor(x[first + j]);
        for (size_t b = 0; b < 4; b++)
            for (size_t i = 0; i < CT_WIDTH; i++) out[first + b * CT_WIDTH + i] = block[4 * i + b];
    }
}

// Four vectors of the columns of a block from four vectors in memory's order.
EXACT_FUNCTION void transpose(const ct_floats in[4], ct_floats out[4]) {
    const ct_floats even0 = __builtin_shufflevector(in[0], in[1], CT_EVEN), odd0 = __builtin_shufflevector(in[0], in[1], CT_ODD);
    const ct_floats even1 = __builtin_shufflevector(in[2], in[3], CT_EVEN), odd1 = __builtin_shufflevector(in[2], in[3], CT_ODD);
    out[0] = __builtin_shufflevector(even0, even1, CT_EVEN);
    out[1] = __builtin_shufflevector(odd0, odd1, CT_EVEN);
    out[2] = __builtin_shufflevector(even0, even1, CT_ODD);
    out[3] = __builtin_shufflevector(odd0, odd1, CT_ODD);
}

// The weights of a block; `scales` are those from the block's first group of columns on.
EXACT_FUNCTION void dense_weights(
    uint32_t element, const uint8_t *at, const float *scales, size_t group_columns, ct_floats w[4]) {
    if (element == CT_FLOAT32) {
        ct_floats in[4];
        for (int i = 0; i < 4; i++) in[i] = floats_at(at + i * sizeof in[i]);
        transpose(in, w);
    } else if (element == CT_SCALED_INT8) {
        const ct_words bytes = words_at(at);
        ct_floats scale;
        for (size_t lane = 0; lane < CT_WIDTH; lane++) scale[lane] = scales[4 * lane / group_columns];
        for (int b = 0; b < 4; b++)
            w[b] = __builtin_convertvector((ct_integers)(bytes << (24 - 8 * b)) >> 24, ct_floats) * scale;
    } else {
        const ct_words low = words_at(at), high = words_at(at + sizeof low);
        const ct_words first = __builtin_shufflevector(low, high, CT_EVEN), second = __builtin_shufflevector(low, high, CT_ODD);
        if (element == CT_BFLOAT16) {
            w[0] = (ct_floats)(first << 16);
            w[1] = (ct_floats)(first & 0xFFFF0000u);
            w[2] = (ct_floats)(second << 16);
            w[3] = (ct_floats)(second & 0xFFFF0000u);
        } else {
            halves(first, w);
            halves(second, w + 2);
        }
    }
}

EXACT_FUNCTION float lanes_sum(ct_floats *lanes) {
    for (size_t step = CT_SLOTS / 2; step > 0; step /= 2)
        for (size_t slot = 0; slot < step; slot++) lanes[slot] += lanes[slot + step];
    return exact_settle(tree_sum(lanes[0]));
}

EXACT_FUNCTION ct_floats add_products(ct_floats sum, const float *x, const ct_floats w[4]) {
    for (int b = 0; b < 4; b++) sum = sum + floats_at(x + b * CT_WIDTH) * w[b];
    return sum;
}

// One row for one or several tokens.
EXACT_FUNCTION void dense_row(
    uint32_t element, const uint8_t *row, const float *scales, size_t columns, size_t group_columns, const float *x,
    size_t x_pitch, float *out, size_t pitch, size_t tokens) {
    const size_t width = element == CT_FLOAT32 ? 4 : element == CT_SCALED_INT8 ? 1 : 2;
    ct_floats lanes[4][CT_SLOTS];
    for (size_t t = 0; t < tokens; t++)
        for (size_t slot = 0; slot < CT_SLOTS; slot++) lanes[t][slot] = (ct_floats)(0.0f);
    const size_t blocks = columns / CT_BLOCK;
    ct_floats w[4];
    for (size_t block = 0; block < blocks; block++) {
        const size_t first = block * CT_BLOCK;
        for (size_t byte = 0; byte < CT_BLOCK * width; byte += 64)
            __builtin_prefetch(row + first * width + byte + CT_BYTES_AHEAD, 0, 2);
        dense_weights(element, row + first * width, element == CT_SCALED_INT8 ? scales + first / group_columns : NULL,
                      group_columns, w);
        for (size_t t = 0; t < tokens; t++)
            lanes[t][block % CT_SLOTS] = add_products(lanes[t][block % CT_SLOTS], x + t * x_pitch + first, w);
    }
    if (columns % CT_BLOCK) {
        const size_t first = blocks * CT_BLOCK, left = columns - first;
        uint8_t rest[CT_BLOCK * 4] = {0};
        float rest_scales[4] = {0};
        memcpy(rest, row + first * width, left * width);
        if (element == CT_SCALED_INT8)
            memcpy(rest_scales, scales + first / group_columns, left / group_columns * sizeof *scales);
        dense_weights(element, rest, rest_scales, group_columns, w);
        for (size_t t = 0; t < tokens; t++)
            lanes[t][blocks % CT_SLOTS] = add_products(lanes[t][blocks % CT_SLOTS], x + t * x_pitch + first, w);
    }
    for (size_t t = 0; t < tokens; t++) out[t * pitch] = lanes_sum(lanes[t]);
}

EXACT_FUNCTION void dense_rows(
    uint32_t element, size_t group_columns, ct_dense matrix, size_t first, size_t rows, const float *x, size_t tokens, float *out,
    size_t pitch) {
    const size_t width = element == CT_FLOAT32 ? 4 : element == CT_SCALED_INT8 ? 1 : 2;
    const size_t x_pitch = (matrix.columns + CT_SPREAD_COLUMNS - 1) / CT_SPREAD_COLUMNS * CT_SPREAD_COLUMNS;
    for (size_t row = 0; row < rows; row++) {
        const uint8_t *at = matrix.weights + (first + row) * matrix.columns * width;
        const float *scales =
            element == CT_SCALED_INT8 ? matrix.scales + (first + row) * (matrix.columns / group_columns) : NULL;
        size_t token = 0;
        for (; token + 4 <= tokens; token += 4)
            dense_row(element, at, scales, matrix.columns, group_columns, x + token * x_pitch, x_pitch, out + token * pitch + row,
                      pitch, 4);
        for (; token < tokens; token++)
            dense_row(element, at, scales, matrix.columns, group_columns, x + token * x_pitch, x_pitch, out + token * pitch + row,
                      pitch, 1);
    }
}

static void dense_multiply(
    ct_dense matrix, size_t first, size_t rows, const float *x, size_t tokens, float *out, size_t pitch) {
    switch (matrix.element) {
    case CT_FLOAT32: dense_rows(CT_FLOAT32, 0, matrix, first, rows, x, tokens, out, pitch); break;
    case CT_FLOAT16: dense_rows(CT_FLOAT16, 0, matrix, first, rows, x, tokens, out, pitch); break;
    case CT_BFLOAT16: dense_rows(CT_BFLOAT16, 0, matrix, first, rows, x, tokens, out, pitch); break;
    default:
        if (matrix.group_columns == 16)
            dense_rows(CT_SCALED_INT8, 16, matrix, first, rows, x, tokens, out, pitch);
        else
            dense_rows(CT_SCALED_INT8, 32, matrix, first, rows, x, tokens, out, pitch);
    }
}
