// The ternary product in vectors of 16 bytes, in operations that every instruction set has or is given by the compiler.
#pragma once

#include "exact.h"
#include "kernels.h"

// Groups of 16 columns after which an int16 sum is widened: 20 * 4 products of at most 3 * 128 stay within it. (A code of 3 is the value
// +2, which some formats have.)
enum { CT_STEPS = 20 };

typedef uint8_t ct_codes __attribute__((ext_vector_type(16)));
typedef int8_t ct_bytes __attribute__((ext_vector_type(16)));
typedef int16_t ct_shorts __attribute__((ext_vector_type(8)));

// A token's four bytes, for four rows.
EXACT_FUNCTION ct_bytes activations_at(const int8_t *at) {
    int32_t four;
    memcpy(&four, at, 4);
    return (ct_bytes)(ct_integers)(four);
}

// Adds 4 rows by 4 columns to two sums of 2 rows by 4 columns.
EXACT_FUNCTION void add_codes(ct_shorts sum[2], ct_codes codes, ct_bytes q) {
    sum[0] += __builtin_convertvector(codes.lo, ct_shorts) * __builtin_convertvector(q.lo, ct_shorts);
    sum[1] += __builtin_convertvector(codes.hi, ct_shorts) * __builtin_convertvector(q.hi, ct_shorts);
}

// The four rows' sums.
EXACT_FUNCTION ct_integers widened(const ct_shorts sum[2]) {
    const ct_integers low = (ct_integers)sum[0], high = (ct_integers)sum[1];
    const ct_integers low_pairs = (low << 16 >> 16) + (low >> 16), high_pairs = (high << 16 >> 16) + (high >> 16);
    return __builtin_shufflevector(low_pairs, high_pairs, 0, 2, 4, 6) + __builtin_shufflevector(low_pairs, high_pairs, 1, 3, 5, 7);
}

// Several tiles and tokens: a register holds one tile, and each token's four bytes go to all rows.
EXACT_FUNCTION void multiply_tiles(
    const uint32_t *const *words, size_t groups, size_t ahead, const int8_t *panel, size_t spacing, int32_t *sums, int tiles,
    int tokens) {
    ct_integers total[4][2];
    for (int i = 0; i < tiles; i++)
        for (int t = 0; t < tokens; t++) total[i][t] = (ct_integers)(0);
    for (size_t first = 0; first < groups; first += CT_STEPS) {
        const size_t end = groups - first < CT_STEPS ? groups : first + CT_STEPS;
        ct_shorts sum[4][2][2];
        for (int i = 0; i < tiles; i++)
            for (int t = 0; t < tokens; t++) sum[i][t][0] = sum[i][t][1] = (ct_shorts)(0);
        for (size_t group = first; group < end; group++) {
            ct_codes w[4];
            for (int i = 0; i < tiles; i++) {
                memcpy(&w[i], words[i] + group * 4, sizeof w[i]);
                __builtin_prefetch(words[i] + group * 4 + ahead);
            }
#pragma clang loop unroll(full)
            for (int k = 0; k < 4; k++)
                for (int t = 0; t < tokens; t++) {
                    const ct_bytes q = activations_at(panel + ((group * 4 + (size_t)k) * spacing + (size_t)t) * 4);
                    for (int i = 0; i < tiles; i++) add_codes(sum[i][t], w[i] >> (uint8_t)(2 * k) & (uint8_t)3, q);
                }
        }
        for (int i = 0; i < tiles; i++)
            for (int t = 0; t < tokens; t++) total[i][t] += widened(sum[i][t]);
    }
    for (int i = 0; i < tiles; i++)
        for (int t = 0; t < tokens; t++) memcpy(sums + t * CT_CHUNK_ROWS + 4 * i, &total[i][t], sizeof total[i][t]);
}

static void multiply(
    const uint32_t *words, size_t groups, size_t first, size_t row_groups, const int8_t *panel, size_t tokens,
    int32_t *sums) {
    const size_t pitch = groups * 4;
    for (size_t done = 0; done < row_groups; done += 4) {
        const uint32_t *at[4];
        // Past the last group of rows the last one is multiplied again, into room that nobody reads.
        for (size_t i = 0; i < 4; i++)
            at[i] = words + (first + (done + i < row_groups ? done + i : row_groups - 1)) * pitch;
        if (tokens == 1) {
            multiply_tiles(at, groups, 4 * pitch, panel, 1, sums + done * 4, 4, 1);
        } else {
            for (size_t t = 0; t < tokens; t += 2)
                for (size_t i = 0; i < 4; i += 2)
                    multiply_tiles(
                        at + i, groups, 4 * pitch, panel + t * 4, CT_PANEL_TOKENS,
                        sums + t * CT_CHUNK_ROWS + (done + i) * 4, 2, 2);
        }
    }
}
