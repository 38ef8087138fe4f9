// The ternary product in 256-bit registers, for two ways to multiply and add bytes.
//
// The including file defines
//   CT_DOT(sum, codes, activations)  adds products of unsigned and signed bytes to a sum that holds 16 steps of 4
//   CT_WIDEN(sum)                    the sum as 8 x int32
//   multiply_one                     as multiply, for a panel of one token
#include <immintrin.h>

#include "codes256.h"
#include "kernels.h"

EXACT_FUNCTION __m256i load_pair(const uint32_t *low, const uint32_t *high) {
    return _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)low)), _mm_loadu_si128((const __m128i *)high), 1);
}

// Four tokens, two groups of rows: a register holds 8 rows by 4 columns, and each token's four bytes go to all rows.
EXACT_FUNCTION void multiply_four(
    const uint32_t *low, const uint32_t *high, size_t groups, const int8_t *panel, int32_t *sums) {
    __m256i total[4];
    for (int t = 0; t < 4; t++) total[t] = _mm256_setzero_si256();
    for (size_t first = 0; first < groups; first += CT_STEPS) {
        const size_t end = groups - first < CT_STEPS ? groups : first + CT_STEPS;
        __m256i sum[4];
        for (int t = 0; t < 4; t++) sum[t] = _mm256_setzero_si256();
        for (size_t group = first; group < end; group++) {
            const __m256i w = load_pair(low + group * 4, high + group * 4);
            const int8_t *at = panel + group * 16 * CT_PANEL_TOKENS;
            for (int k = 0; k < 4; k++) {
                const __m256i codes = CT_CODES(w, k);
                for (int t = 0; t < 4; t++) {
                    int32_t q;
                    memcpy(&q, at + (k * CT_PANEL_TOKENS + t) * 4, 4);
                    sum[t] = CT_DOT(sum[t], codes, _mm256_set1_epi32(q));
                }
            }
        }
        for (int t = 0; t < 4; t++) total[t] = _mm256_add_epi32(total[t], CT_WIDEN(sum[t]));
    }
    for (int t = 0; t < 4; t++) _mm256_storeu_si256((__m256i *)(sums + t * CT_CHUNK_ROWS), total[t]);
}

static void multiply(
    const uint32_t *words, size_t groups, size_t first, size_t row_groups, const int8_t *panel, size_t tokens,
    int32_t *sums) {
    if (tokens == 1) {
        multiply_one(words, groups, first, row_groups, panel, sums);
        return;
    }
    const size_t pitch = groups * 4;
    for (size_t done = 0; done < row_groups; done += 4) {
        const uint32_t *at[4];
        // Past the last group of rows the last one is multiplied again, into room that nobody reads.
        for (size_t i = 0; i < 4; i++)
            at[i] = words + (first + (done + i < row_groups ? done + i : row_groups - 1)) * pitch;
        for (size_t t = 0; t < tokens; t += 4)
            for (size_t i = 0; i < 4; i += 2)
                multiply_four(at[i], at[i + 1], groups, panel + t * 4, sums + t * CT_CHUNK_ROWS + (done + i) * 4);
    }
}
