// Vectors of four floats for NEON; the rest of it clang makes of plain vector operations.
#include <arm_neon.h>

#include "exact.h"

#define CT_WIDTH 4
#include "vectors.h"

EXACT_FUNCTION void halves(ct_words pairs, ct_floats out[2]) {
    const uint32x4_t both = (uint32x4_t)pairs;
    out[0] = (ct_floats)vcvt_f32_f16(vreinterpret_f16_u16(vmovn_u32(both)));
    out[1] = (ct_floats)vcvt_f32_f16(vreinterpret_f16_u16(vshrn_n_u32(both, 16)));
}

EXACT_FUNCTION ct_floats widen(const uint16_t *at) {
    return (ct_floats)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(at)));
}

EXACT_FUNCTION ct_floats look_up(ct_floats levels, ct_words codes) {
    return __builtin_convertvector((ct_integers)(codes & 3) - 1, ct_floats) * levels[2];
}
