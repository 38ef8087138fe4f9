// Kernels for NEON with dot products: four products of bytes are added to int32 in one instruction.
#include "tables.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#include "exact.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#include "vectors_neon.h"

#define CT_BYTE_PRODUCTS(sum, a, b) (ct_words)vdotq_s32((int32x4_t)(sum), (int8x16_t)(a), (int8x16_t)(b))
#include "transformer_table.h"

#include "row_neon.h"

// Four neighbouring tokens' activations of the same columns are a register as they stand.
EXACT_FUNCTION const int8_t *arrange(const int8_t *panel, size_t groups, size_t quads, int8_t *room) { return panel; }

EXACT_FUNCTION void add_tiles(
    const uint32_t *const *words, size_t groups, const int8_t *panel, int tiles, int quads,
    int32x4_t sum[CT_TILES][CT_PANEL_TOKENS]) {
    for (int i = 0; i < tiles; i++)
        for (int t = 0; t < 4 * quads; t++) sum[i][t] = vdupq_n_s32(0);
    for (size_t group = 0; group < groups; group++) {
        uint8x16_t w[CT_TILES];
        for (int i = 0; i < tiles; i++) w[i] = vld1q_u8((const uint8_t *)(words[i] + group * 4));
        for (int k = 0; k < 4; k++) {
            const int8_t *at = panel + (group * 4 + (size_t)k) * 4 * CT_PANEL_TOKENS;
            int8x16_t codes[CT_TILES];
            for (int i = 0; i < tiles; i++) codes[i] = codes_of(w[i], k);
            for (int quad = 0; quad < quads; quad++) {
                const int8x16_t q = vld1q_s8(at + quad * 16);
                for (int i = 0; i < tiles; i++) {
                    int32x4_t *four = sum[i] + 4 * quad;
                    four[0] = vdotq_laneq_s32(four[0], codes[i], q, 0);
                    four[1] = vdotq_laneq_s32(four[1], codes[i], q, 1);
                    four[2] = vdotq_laneq_s32(four[2], codes[i], q, 2);
                    four[3] = vdotq_laneq_s32(four[3], codes[i], q, 3);
                }
            }
        }
    }
}

#include "multiply_neon.h"

#pragma clang attribute pop

const ct_kernels ct_neon_dotprod = {
    .name = "neon-dotprod", .title = "NEON dotprod", .supported = ct_has_neon_dotprod, .multiply = multiply, CT_ROWS};
#endif
