// Products of floats and ternary weights with scales of rows or of groups of columns, in the canonical order of dense.h.
//
// A lane's four columns are one bit pair of the four bytes of a word, so a register of words whose lanes are shifted by 0, 2, 4 and 6 has
// the codes of vector b in byte b. The codes choose among the multiples of the scale.
#pragma once

#include "dense.h"

// Words of a row in a block.
enum { CT_BLOCK_WORDS = CT_WIDTH / 4 };

// The words of row r of a tile, each four times.
EXACT_FUNCTION ct_words row_words(const uint32_t *tile, size_t row) {
    ct_words words;
    for (size_t lane = 0; lane < CT_WIDTH; lane++) words[lane] = tile[lane / 4 * 4 + row];
    return words;
}

// The scale of each column of a block where groups end within it; past the last column whatever is finite.
static void mixed_weights(
    ct_ternary matrix, const float *scales, size_t first, ct_words words, ct_floats w[4]) {
    for (size_t lane = 0; lane < CT_WIDTH; lane++)
        for (size_t b = 0; b < 4; b++) {
            const size_t column = first + 4 * lane + b;
            const float scale = column < matrix.columns ? scales[column / matrix.group_columns] : 0;
            w[b][lane] = (float)((int32_t)(words[lane] >> (8 * b + 2 * (lane % 4)) & 3) - 1) * scale;
        }
}

// Four rows of a tile for one token.
static void ternary_tile(ct_ternary matrix, size_t tile, const float *x, float *out) {
    const ct_words numbers = CT_NUMBERS;
    const ct_words shifts = (numbers & 3) * 2;
    const ct_floats multiples = __builtin_convertvector(numbers & 3, ct_floats) - 1.0f;
    const size_t groups = (matrix.columns + 15) / 16;
    const size_t scale_groups = matrix.scales ? (matrix.columns + matrix.group_columns - 1) / matrix.group_columns : 0;
    const bool is_even = !matrix.scales || matrix.group_columns % CT_BLOCK == 0 || scale_groups == 1;
    const uint32_t *words = matrix.words + tile * groups * 4;
    ct_floats lanes[4][CT_SLOTS];
    const float *scales[4];
    for (size_t r = 0; r < 4; r++) {
        for (size_t slot = 0; slot < CT_SLOTS; slot++) lanes[r][slot] = (ct_floats)(0.0f);
        // The rows that pad the last tile have no scales.
        const size_t row = 4 * tile + r < matrix.rows ? 4 * tile + r : matrix.rows - 1;
        scales[r] = matrix.scales ? matrix.scales + row * scale_groups : &matrix.scale;
    }
    for (size_t block = 0; block * CT_BLOCK_WORDS < groups; block++) {
        const size_t slot = block % CT_SLOTS, first = block * CT_BLOCK;
        const float *at = x + first;
        const uint32_t *tile_words = words + block * CT_WIDTH;
        uint32_t rest[CT_WIDTH] = {0};
        const size_t left = groups - block * CT_BLOCK_WORDS;
        if (left < CT_BLOCK_WORDS) {
            memcpy(rest, tile_words, left * 4 * sizeof *rest);
            tile_words = rest;
        }
        const size_t group = scale_groups > 1 ? first / matrix.group_columns : 0;
        for (size_t r = 0; r < 4; r++) {
            const ct_words row = row_words(tile_words, r);
            ct_floats w[4];
            if (is_even) {
                const ct_floats levels = multiples * scales[r][group];
                const ct_words codes = row >> shifts;
                for (int b = 0; b < 4; b++) w[b] = look_up(levels, codes >> (8 * b));
            } else {
                mixed_weights(matrix, scales[r], first, row, w);
            }
            lanes[r][slot] = add_products(lanes[r][slot], at, w);
        }
    }
    for (size_t r = 0; r < 4; r++) out[r] = lanes_sum(lanes[r]);
}

static void ternary_multiply(
    ct_ternary matrix, size_t first, size_t rows, const float *x, size_t tokens, float *out, size_t pitch) {
    const size_t x_pitch = (matrix.columns + CT_SPREAD_COLUMNS - 1) / CT_SPREAD_COLUMNS * CT_SPREAD_COLUMNS;
    for (size_t row = 0; row < rows; row += 4)
        for (size_t token = 0; token < tokens; token++)
            ternary_tile(matrix, (first + row) / 4, x + token * x_pitch, out + token * pitch + row);
}
