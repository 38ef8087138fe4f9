// The ternary product in 256-bit registers, for two ways to multiply and add bytes.
//
// The including file defines
//   CT_DOT(sum, codes, activations)  adds products of unsigned and signed bytes to a sum that holds 16 steps of 4
//   CT_WIDEN(sum)                    the sum as 8 x int32
#include <immintrin.h>

#include "kernels.h"

// Steps of 16 columns after which a sum is widened: 10 * 4 * 2 products of at most 3 * 127 stay within int16. (A code of 3 is the value
// +2, which some formats have.)
enum { CT_STEPS = 10 };

#define CT_CODES(word, k) _mm256_and_si256(_mm256_srli_epi32(word, 2 * (k)), three)

EXACT_FUNCTION __m256i load_pair(const uint32_t *low, const uint32_t *high) {
    return _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)low)), _mm_loadu_si128((const __m128i *)high), 1);
}

// One token, four groups of rows: a register holds two tiles of the same rows, and the activations of both, of which a
// shuffle hands every row the same four bytes.
EXACT_FUNCTION void multiply_row(
    const uint32_t *const *words, size_t groups, size_t ahead, const int8_t *row, int32_t *sums) {
    const __m256i three = _mm256_set1_epi8(3);
    __m256i total[4];
    for (int i = 0; i < 4; i++) total[i] = _mm256_setzero_si256();
    for (size_t first = 0; first < groups; first += 2 * CT_STEPS) {
        const size_t end = groups - first < 2 * CT_STEPS ? groups : first + 2 * CT_STEPS;
        __m256i sum[4];
        for (int i = 0; i < 4; i++) sum[i] = _mm256_setzero_si256();
        for (size_t group = first; group < end; group += 2) {
            const __m256i q = _mm256_loadu_si256((const __m256i *)(row + group * 16));
            const __m256i q0 = _mm256_shuffle_epi32(q, 0x00), q1 = _mm256_shuffle_epi32(q, 0x55);
            const __m256i q2 = _mm256_shuffle_epi32(q, 0xAA), q3 = _mm256_shuffle_epi32(q, 0xFF);
            for (int i = 0; i < 4; i++) {
                const uint32_t *at = words[i] + group * 4;
                // Where the row ends within the register the padded activations are zero, whatever the codes.
                const __m256i w = group + 1 < end
                    ? _mm256_loadu_si256((const __m256i *)at)
                    : _mm256_zextsi128_si256(_mm_loadu_si128((const __m128i *)at));
                _mm_prefetch((const char *)(at + ahead), _MM_HINT_T0);
                sum[i] = CT_DOT(sum[i], CT_CODES(w, 0), q0);
                sum[i] = CT_DOT(sum[i], CT_CODES(w, 1), q1);
                sum[i] = CT_DOT(sum[i], CT_CODES(w, 2), q2);
                sum[i] = CT_DOT(sum[i], CT_CODES(w, 3), q3);
            }
        }
        for (int i = 0; i < 4; i++) total[i] = _mm256_add_epi32(total[i], CT_WIDEN(sum[i]));
    }
    for (int i = 0; i < 4; i++) {
        const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(total[i]), _mm256_extracti128_si256(total[i], 1));
        _mm_storeu_si128((__m128i *)(sums + 4 * i), four);
    }
}

// Four tokens, two groups of rows: a register holds 8 rows by 4 columns, and each token's four bytes go to all rows.
EXACT_FUNCTION void multiply_four(
    const uint32_t *low, const uint32_t *high, size_t groups, const int8_t *panel, int32_t *sums) {
    const __m256i three = _mm256_set1_epi8(3);
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
    const size_t pitch = groups * 4;
    for (size_t done = 0; done < row_groups; done += 4) {
        const uint32_t *at[4];
        // Past the last group of rows the last one is multiplied again, into room that nobody reads.
        for (size_t i = 0; i < 4; i++)
            at[i] = words + (first + (done + i < row_groups ? done + i : row_groups - 1)) * pitch;
        if (tokens == 1) {
            multiply_row(at, groups, 4 * pitch, panel, sums + done * 4);
        } else {
            for (size_t t = 0; t < tokens; t += 4)
                for (size_t i = 0; i < 4; i += 2)
                    multiply_four(
                        at[i], at[i + 1], groups, panel + t * 4, sums + t * CT_CHUNK_ROWS + (done + i) * 4);
        }
    }
}
