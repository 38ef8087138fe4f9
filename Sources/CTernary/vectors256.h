// Vectors of eight floats, for the two sets of kernels that have 256-bit registers.
#include <immintrin.h>

#include "exact.h"

#define CT_WIDTH 8
#include "vectors.h"

EXACT_FUNCTION void halves(ct_words pairs, ct_floats out[2]) {
    const __m256i both = (__m256i)pairs;
    const __m256i first = _mm256_and_si256(both, _mm256_set1_epi32(0xFFFF)), second = _mm256_srli_epi32(both, 16);
    const __m256i apart = _mm256_permute4x64_epi64(_mm256_packus_epi32(first, second), 0xD8);
    out[0] = (ct_floats)_mm256_cvtph_ps(_mm256_castsi256_si128(apart));
    out[1] = (ct_floats)_mm256_cvtph_ps(_mm256_extracti128_si256(apart, 1));
}

EXACT_FUNCTION ct_floats widen(const uint16_t *at) {
    return (ct_floats)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)at));
}

EXACT_FUNCTION ct_floats look_up(ct_floats levels, ct_words codes) {
    return (ct_floats)_mm256_permutevar8x32_ps((__m256)levels, (__m256i)codes);
}
