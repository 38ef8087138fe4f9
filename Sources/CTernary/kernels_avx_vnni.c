// Kernels for AVX-VNNI: four products of bytes are added to int32 in one instruction, in 256-bit registers.
#include "tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "exact.h"

#pragma clang attribute push(__attribute__((target("avx2,avxvnni,f16c"))), apply_to = function)

#include "vectors256.h"

#define CT_BYTE_PRODUCTS(sum, a, b) (ct_words)_mm256_dpbusd_avx_epi32((__m256i)(sum), (__m256i)(a), (__m256i)(b))
#include "transformer_table.h"

// One token, one group of rows: a register holds two tiles of the same rows, and the activations of both, of which a
// shuffle hands every row the same four bytes. Codes stay where they are in their bytes, so that the sum of bit pair k
// is 4^k too large: a mask for each replaces shift and mask, and one shift in the end repairs the sum. Memory is read
// in one stream, which is what it is fastest at.
EXACT_FUNCTION void multiply_row(const uint32_t *words, size_t groups, const int8_t *row, int32_t *sums) {
    const __m256i masks[4] = {
        _mm256_set1_epi8(0x03), _mm256_set1_epi8(0x0C), _mm256_set1_epi8(0x30), _mm256_set1_epi8((char)0xC0)};
    __m256i sum[4];
    for (int k = 0; k < 4; k++) sum[k] = _mm256_setzero_si256();
    for (size_t group = 0; group < groups; group += 2) {
        const __m256i q = _mm256_loadu_si256((const __m256i *)(row + group * 16));
        // Where the row ends within the register the padded activations are zero, whatever the codes.
        const __m256i w = group + 1 < groups
            ? _mm256_loadu_si256((const __m256i *)(words + group * 4))
            : _mm256_zextsi128_si256(_mm_loadu_si128((const __m128i *)(words + group * 4)));
        _mm_prefetch((const char *)(words + group * 4) + CT_BYTES_AHEAD, _MM_HINT_T1);
        sum[0] = _mm256_dpbusd_avx_epi32(sum[0], _mm256_and_si256(w, masks[0]), _mm256_shuffle_epi32(q, 0x00));
        sum[1] = _mm256_dpbusd_avx_epi32(sum[1], _mm256_and_si256(w, masks[1]), _mm256_shuffle_epi32(q, 0x55));
        sum[2] = _mm256_dpbusd_avx_epi32(sum[2], _mm256_and_si256(w, masks[2]), _mm256_shuffle_epi32(q, 0xAA));
        sum[3] = _mm256_dpbusd_avx_epi32(sum[3], _mm256_and_si256(w, masks[3]), _mm256_shuffle_epi32(q, 0xFF));
    }
    const __m256i low = _mm256_add_epi32(sum[0], _mm256_srai_epi32(sum[1], 2));
    const __m256i high = _mm256_add_epi32(_mm256_srai_epi32(sum[2], 4), _mm256_srai_epi32(sum[3], 6));
    const __m256i all = _mm256_add_epi32(low, high);
    const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    _mm_storeu_si128((__m128i *)sums, four);
}

static void multiply_one(
    const uint32_t *words, size_t groups, size_t first, size_t row_groups, const int8_t *row, int32_t *sums) {
    for (size_t i = 0; i < row_groups; i++) multiply_row(words + (first + i) * groups * 4, groups, row, sums + 4 * i);
}

#define CT_DOT(sum, codes, activations) _mm256_dpbusd_avx_epi32(sum, codes, activations)
#define CT_WIDEN(sum) (sum)
#include "multiply256.h"

#pragma clang attribute pop

const ct_kernels ct_avx_vnni = {
    .name = "avx-vnni", .title = "AVX-VNNI", .supported = ct_has_avx_vnni, .multiply = multiply, CT_ROWS};
#endif
