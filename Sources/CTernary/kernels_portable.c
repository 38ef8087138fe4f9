// Kernels in plain C, for machines that have none of the instruction sets that the other files are for.
#include "tables.h"

#include "exact.h"

#define CT_WIDTH 4
#include "vectors.h"

EXACT_FUNCTION void halves(ct_words pairs, ct_floats out[2]) {
    for (int b = 0; b < 2; b++) {
        const ct_words half = pairs >> (16 * b);
        // Too small by the difference of the exponents' biases; subnormals come out right too.
        const ct_floats small = (ct_floats)((half & 0x7FFF) << 13);
        out[b] = (ct_floats)((ct_words)(small * 0x1p112f) | (half & 0x8000) << 16);
    }
}

EXACT_FUNCTION ct_floats widen(const uint16_t *at) {
    ct_floats v;
    for (int lane = 0; lane < CT_WIDTH; lane++) v[lane] = exact_half_value(at[lane]);
    return v;
}

EXACT_FUNCTION ct_floats look_up(ct_floats levels, ct_words codes) {
    return __builtin_convertvector((ct_integers)(codes & 3) - 1, ct_floats) * levels[2];
}

#include "transformer_table.h"

static void multiply(
    const uint32_t *words, size_t groups, size_t first, size_t row_groups, const int8_t *panel, size_t tokens,
    int32_t *sums) {
    const size_t spacing = tokens == 1 ? 1 : CT_PANEL_TOKENS;
    for (size_t row = 0; row < 4 * row_groups; row++) {
        const uint32_t *word = words + (first + row / 4) * groups * 4 + row % 4;
        for (size_t token = 0; token < tokens; token++) {
            const int8_t *codes = panel + token * 4;
            int32_t sum = 0;
            for (size_t group = 0; group < groups; group++) {
                const uint32_t packed = word[group * 4];
                for (size_t k = 0; k < 4; k++)
                    for (size_t b = 0; b < 4; b++)
                        sum += (int32_t)(packed >> (8 * b + 2 * k) & 3) * codes[(group * 4 + k) * spacing * 4 + b];
            }
            sums[token * CT_CHUNK_ROWS + row] = sum;
        }
    }
}

static bool supported(void) { return true; }

const ct_kernels ct_portable = {
    .name = "portable", .title = "portable code", .supported = supported, .multiply = multiply, CT_ROWS};
