// Kernels in plain C and vectors of the compiler's own, for machines that have none of the instruction sets that the other files are for.
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

#include "multiply128.h"

static bool supported(void) { return true; }

const ct_kernels ct_portable = {
    .name = "portable", .title = "portable code", .supported = supported, .multiply = multiply, CT_ROWS};
