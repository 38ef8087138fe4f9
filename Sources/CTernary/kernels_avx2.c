// Kernels for AVX2: products of bytes are added in pairs to int16, and widened before they can overflow.
#include "tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "exact.h"

#pragma clang attribute push(__attribute__((target("avx2,f16c"))), apply_to = function)

#include "vectors256.h"

#define CT_BYTE_PRODUCTS(sum, a, b) \
    (ct_words)_mm256_add_epi16((__m256i)(sum), _mm256_maddubs_epi16((__m256i)(a), (__m256i)(b)))
#include "transformer_table.h"

#define CT_DOT(sum, codes, activations) _mm256_add_epi16(sum, _mm256_maddubs_epi16(codes, activations))
#define CT_WIDEN(sum) _mm256_madd_epi16(sum, _mm256_set1_epi16(1))
#include "codes256.h"

// One token, four groups of rows: a register holds two tiles of the same rows, and the activations of both, of which a
// shuffle hands every row the same four bytes. One group of rows alone would be shuffled for as often, which takes longer than memory
// read in one stream saves.
EXACT_FUNCTION void multiply_row(
    const uint32_t *const *words, size_t groups, size_t ahead, const int8_t *row, int32_t *sums) {
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

static void multiply_one(
    const uint32_t *words, size_t groups, size_t first, size_t row_groups, const int8_t *row, int32_t *sums) {
    const size_t pitch = groups * 4;
    for (size_t done = 0; done < row_groups; done += 4) {
        const uint32_t *at[4];
        // Past the last group of rows the last one is multiplied again, into room that nobody reads.
        for (size_t i = 0; i < 4; i++)
            at[i] = words + (first + (done + i < row_groups ? done + i : row_groups - 1)) * pitch;
        multiply_row(at, groups, 4 * pitch, row, sums + done * 4);
    }
}

#include "multiply256.h"

#pragma clang attribute pop

const ct_kernels ct_avx2 = {
    .name = "avx2", .title = "AVX2", .supported = ct_has_avx2, .multiply = multiply, CT_ROWS};
#endif
