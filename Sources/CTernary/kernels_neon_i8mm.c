// Kernels for NEON with products of byte matrices: 2 x 8 times 8 x 2 are added to int32 in one instruction.
//
// A matrix's eight columns are four of one group and the same four of the next, for codes and activations alike: so two tiles need but
// be zipped, row by row.
#include "tables.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#include "exact.h"

#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)

#include "vectors_neon.h"

#define CT_BYTE_PRODUCTS(sum, a, b) (ct_words)vmmlaq_s32((int32x4_t)(sum), (int8x16_t)(a), (int8x16_t)(b))
#define CT_PRODUCTS 32
#include "transformer_table.h"

#include "row_neon.h"

EXACT_FUNCTION int8x16_t zip_low(int8x16_t a, int8x16_t b) { return (int8x16_t)vzip1q_s32((int32x4_t)a, (int32x4_t)b); }
EXACT_FUNCTION int8x16_t zip_high(int8x16_t a, int8x16_t b) { return (int8x16_t)vzip2q_s32((int32x4_t)a, (int32x4_t)b); }

// Pairs of tokens, each with the activations of two groups. An odd last group is followed by zeros: panels are padded to four.
EXACT_FUNCTION const int8_t *arrange(const int8_t *panel, size_t groups, size_t quads, int8_t *room) {
    const size_t group_bytes = 16 * CT_PANEL_TOKENS;
    int8_t *to = room;
    for (size_t group = 0; group < groups; group += 2)
        for (size_t k = 0; k < 4; k++)
            for (size_t quad = 0; quad < quads; quad++, to += 32) {
                const int8_t *at = panel + group * group_bytes + (k * CT_PANEL_TOKENS + quad * 4) * 4;
                const int8x16_t first = vld1q_s8(at), second = vld1q_s8(at + group_bytes);
                vst1q_s8(to, zip_low(first, second));
                vst1q_s8(to + 16, zip_high(first, second));
            }
    return room;
}

// Adds 4 rows by 32 columns of each tile: sum[i][2 * pair + half] is (2 tokens, 2 rows).
EXACT_FUNCTION void add_groups(
    const uint8x16_t (*w)[2], const int8_t *panel, int tiles, int quads, int32x4_t sum[CT_TILES][CT_PANEL_TOKENS]) {
    // Shifts by what is no constant would cost a register and an instruction.
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) {
        int8x16_t codes[CT_TILES][2];
        for (int i = 0; i < tiles; i++)
            for (int half = 0; half < 2; half++) codes[i][half] = codes_of(w[i][half], k);
        for (int pair = 0; pair < 2 * quads; pair++) {
            const int8x16_t q = vld1q_s8(panel + (k * 2 * quads + pair) * 16);
            for (int i = 0; i < tiles; i++)
                for (int half = 0; half < 2; half++)
                    sum[i][2 * pair + half] = vmmlaq_s32(sum[i][2 * pair + half], q, codes[i][half]);
        }
    }
}

EXACT_FUNCTION void add_tiles(
    const uint32_t *const *words, size_t groups, const int8_t *panel, int tiles, int quads,
    int32x4_t sum[CT_TILES][CT_PANEL_TOKENS]) {
    for (int i = 0; i < tiles; i++)
        for (int t = 0; t < 4 * quads; t++) sum[i][t] = vdupq_n_s32(0);
    uint8x16_t w[CT_TILES][2];
    size_t group = 0;
    for (; group + 2 <= groups; group += 2) {
        for (int i = 0; i < tiles; i++) {
            const int8x16_t first = vld1q_s8((const int8_t *)(words[i] + group * 4));
            const int8x16_t second = vld1q_s8((const int8_t *)(words[i] + group * 4 + 4));
            w[i][0] = (uint8x16_t)zip_low(first, second);
            w[i][1] = (uint8x16_t)zip_high(first, second);
        }
        add_groups(w, panel + group * 64 * (size_t)quads, tiles, quads, sum);
    }
    if (group < groups) {
        for (int i = 0; i < tiles; i++) {
            const int8x16_t last = vld1q_s8((const int8_t *)(words[i] + group * 4)), none = vdupq_n_s8(0);
            w[i][0] = (uint8x16_t)zip_low(last, none);
            w[i][1] = (uint8x16_t)zip_high(last, none);
        }
        add_groups(w, panel + group * 64 * (size_t)quads, tiles, quads, sum);
    }
    for (int i = 0; i < tiles; i++)
        for (int pair = 0; pair < 2 * quads; pair++) {
            const int64x2_t low = (int64x2_t)sum[i][2 * pair], high = (int64x2_t)sum[i][2 * pair + 1];
            sum[i][2 * pair] = (int32x4_t)vzip1q_s64(low, high);
            sum[i][2 * pair + 1] = (int32x4_t)vzip2q_s64(low, high);
        }
}

#include "multiply_neon.h"

#pragma clang attribute pop

const ct_kernels ct_neon_i8mm = {
    .name = "neon-i8mm", .title = "NEON i8mm", .supported = ct_has_neon_i8mm, .multiply = multiply, CT_ROWS};
#endif
