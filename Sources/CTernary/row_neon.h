// The ternary product of one token in NEON registers, by dot products of four bytes.
//
// Codes are at most 3, and in their bytes at most 0x30 but for the last ones: products of signed bytes do for them.
#pragma once

#include <arm_neon.h>

#include "kernels.h"

// Tiles, of 4 rows, that are multiplied by several tokens at a time at most.
enum { CT_TILES = 2 };

// The codes of bit pair k of each byte.
EXACT_FUNCTION int8x16_t codes_of(uint8x16_t w, int k) {
    const uint8x16_t low = w >> (uint8_t)(2 * k);
    return (int8x16_t)(k < 3 ? low & (uint8_t)3 : low);
}

// Adds 4 rows by 16 columns. Codes stay where they are in their bytes but for the last: sums 1 and 2 are 4 and 16 times too large.
EXACT_FUNCTION void add_row_tile(int32x4_t sum[3], uint8x16_t w, int8x16_t q) {
    sum[0] = vdotq_laneq_s32(sum[0], codes_of(w, 0), q, 0);
    sum[1] = vdotq_laneq_s32(sum[1], (int8x16_t)(w & (uint8_t)0x0C), q, 1);
    sum[2] = vdotq_laneq_s32(sum[2], (int8x16_t)(w & (uint8_t)0x30), q, 2);
    sum[0] = vdotq_laneq_s32(sum[0], codes_of(w, 3), q, 3);
}

// One token, four groups of rows: a register holds one tile, of which each row gets the same four activations.
EXACT_FUNCTION void multiply_row(
    const uint32_t *const *words, size_t groups, size_t ahead, const int8_t *row, int32_t *sums) {
    int32x4_t sum[4][3];
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 3; k++) sum[i][k] = vdupq_n_s32(0);
    size_t group = 0;
    // A cache line of each tile.
    for (; group + 4 <= groups; group += 4) {
        for (int i = 0; i < 4; i++) __builtin_prefetch(words[i] + group * 4 + ahead);
        for (size_t step = group; step < group + 4; step++) {
            const int8x16_t q = vld1q_s8(row + step * 16);
            for (int i = 0; i < 4; i++) add_row_tile(sum[i], vld1q_u8((const uint8_t *)(words[i] + step * 4)), q);
        }
    }
    for (; group < groups; group++) {
        const int8x16_t q = vld1q_s8(row + group * 16);
        for (int i = 0; i < 4; i++) add_row_tile(sum[i], vld1q_u8((const uint8_t *)(words[i] + group * 4)), q);
    }
    for (int i = 0; i < 4; i++) vst1q_s32(sums + 4 * i, sum[i][0] + (sum[i][1] >> 2) + (sum[i][2] >> 4));
}
