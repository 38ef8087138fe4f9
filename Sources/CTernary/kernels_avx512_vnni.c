// Kernels for AVX-512 VNNI: four products of bytes are added to int32 in one instruction, in 512-bit registers.
#include "tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "exact.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni"), min_vector_width(512))), apply_to = function)

#define CT_WIDTH 16
#include "vectors.h"

EXACT_FUNCTION void halves(ct_words pairs, ct_floats out[2]) {
    const __m512i both = (__m512i)pairs;
    out[0] = (ct_floats)_mm512_cvtph_ps(_mm512_cvtepi32_epi16(both));
    out[1] = (ct_floats)_mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(both, 16)));
}

EXACT_FUNCTION ct_floats widen(const uint16_t *at) {
    return (ct_floats)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)at));
}

EXACT_FUNCTION ct_floats look_up(ct_floats levels, ct_words codes) {
    return (ct_floats)_mm512_permutexvar_ps((__m512i)codes, (__m512)levels);
}

#define CT_BYTE_PRODUCTS(sum, a, b) (ct_words)_mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(a), (__m512i)(b))
#include "transformer_table.h"

// One token, one group of rows: a register holds four tiles of the same rows, and the activations of all four, of
// which a shuffle hands every row the same four bytes. Codes stay where they are in their bytes, so that the sum of
// bit pair k is 4^k too large: a mask for each replaces shift and mask, and one shift in the end repairs the sum.
// Memory is read in one stream, which is what it is fastest at.
EXACT_FUNCTION void multiply_row(const uint32_t *words, size_t groups, const int8_t *row, int32_t *sums) {
    const __m512i masks[4] = {
        _mm512_set1_epi8(0x03), _mm512_set1_epi8(0x0C), _mm512_set1_epi8(0x30), _mm512_set1_epi8((char)0xC0)};
    __m512i sum[4];
    for (int k = 0; k < 4; k++) sum[k] = _mm512_setzero_si512();
    for (size_t group = 0; group < groups; group += 4) {
        const size_t left = groups - group;
        const __mmask16 present = left < 4 ? (__mmask16)((1u << 4 * left) - 1) : (__mmask16)0xFFFF;
        const __m512i q = _mm512_loadu_si512(row + group * 16);
        const __m512i w = _mm512_maskz_loadu_epi32(present, words + group * 4);
        _mm_prefetch((const char *)(words + group * 4) + CT_BYTES_AHEAD, _MM_HINT_T1);
        sum[0] = _mm512_dpbusd_epi32(sum[0], _mm512_and_si512(w, masks[0]), _mm512_shuffle_epi32(q, 0x00));
        sum[1] = _mm512_dpbusd_epi32(sum[1], _mm512_and_si512(w, masks[1]), _mm512_shuffle_epi32(q, 0x55));
        sum[2] = _mm512_dpbusd_epi32(sum[2], _mm512_and_si512(w, masks[2]), _mm512_shuffle_epi32(q, 0xAA));
        sum[3] = _mm512_dpbusd_epi32(sum[3], _mm512_and_si512(w, masks[3]), _mm512_shuffle_epi32(q, 0xFF));
    }
    const __m512i low = _mm512_add_epi32(sum[0], _mm512_srai_epi32(sum[1], 2));
    const __m512i high = _mm512_add_epi32(_mm512_srai_epi32(sum[2], 4), _mm512_srai_epi32(sum[3], 6));
    const __m512i all = _mm512_add_epi32(low, high);
    const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
    const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    _mm_storeu_si128((__m128i *)sums, four);
}

// Adds 16 rows by 16 columns to the sums of `tokens` tokens; each token's four bytes go to all rows.
EXACT_FUNCTION void add_tile(__m512i *sum, __m512i w, const int8_t *panel, int tokens) {
    const __m512i three = _mm512_set1_epi8(3);
    for (int k = 0; k < 4; k++) {
        const __m512i codes = _mm512_and_si512(_mm512_srli_epi32(w, 2 * k), three);
        for (int t = 0; t < tokens; t++) {
            int32_t q;
            memcpy(&q, panel + (k * CT_PANEL_TOKENS + t) * 4, 4);
            sum[t] = _mm512_dpbusd_epi32(sum[t], codes, _mm512_set1_epi32(q));
        }
    }
}

// Several tokens, four groups of rows, which are brought together in one register of 16 rows by 16 columns.
EXACT_FUNCTION void multiply_panel(
    const uint32_t *const *words, size_t groups, size_t ahead, const int8_t *panel, int32_t *sums, int tokens) {
    __m512i sum[CT_PANEL_TOKENS];
    for (int t = 0; t < tokens; t++) sum[t] = _mm512_setzero_si512();
    const size_t tile_bytes = 16 * CT_PANEL_TOKENS;
    for (size_t group = 0; group < groups; group += 4) {
        const size_t left = groups - group;
        const __mmask16 present = left < 4 ? (__mmask16)((1u << 4 * left) - 1) : (__mmask16)0xFFFF;
        __m512i w[4];
        for (int i = 0; i < 4; i++) {
            w[i] = _mm512_maskz_loadu_epi32(present, words[i] + group * 4);
            _mm_prefetch((const char *)(words[i] + group * 4 + ahead), _MM_HINT_T0);
        }
        const __m512i a = _mm512_shuffle_i32x4(w[0], w[1], 0x44), b = _mm512_shuffle_i32x4(w[2], w[3], 0x44);
        const __m512i c = _mm512_shuffle_i32x4(w[0], w[1], 0xEE), d = _mm512_shuffle_i32x4(w[2], w[3], 0xEE);
        const int8_t *at = panel + group * tile_bytes;
        // Past the last group the codes are masked to zero, and the panel is padded to whole registers.
        add_tile(sum, _mm512_shuffle_i32x4(a, b, 0x88), at, tokens);
        add_tile(sum, _mm512_shuffle_i32x4(a, b, 0xDD), at + tile_bytes, tokens);
        add_tile(sum, _mm512_shuffle_i32x4(c, d, 0x88), at + 2 * tile_bytes, tokens);
        add_tile(sum, _mm512_shuffle_i32x4(c, d, 0xDD), at + 3 * tile_bytes, tokens);
    }
    for (int t = 0; t < tokens; t++) _mm512_storeu_si512(sums + t * CT_CHUNK_ROWS, sum[t]);
}

static void multiply(
    const uint32_t *words, size_t groups, size_t first, size_t row_groups, const int8_t *panel, size_t tokens,
    int32_t *sums) {
    const size_t pitch = groups * 4;
    if (tokens == 1) {
        for (size_t i = 0; i < row_groups; i++) multiply_row(words + (first + i) * pitch, groups, panel, sums + 4 * i);
        return;
    }
    for (size_t done = 0; done < row_groups; done += 4) {
        const uint32_t *at[4];
        // Past the last group of rows the last one is multiplied again, into room that nobody reads.
        for (size_t i = 0; i < 4; i++)
            at[i] = words + (first + (done + i < row_groups ? done + i : row_groups - 1)) * pitch;
        if (tokens <= 4)
            multiply_panel(at, groups, 4 * pitch, panel, sums + done * 4, 4);
        else if (tokens <= 8)
            multiply_panel(at, groups, 4 * pitch, panel, sums + done * 4, 8);
        else if (tokens <= 12)
            multiply_panel(at, groups, 4 * pitch, panel, sums + done * 4, 12);
        else
            multiply_panel(at, groups, 4 * pitch, panel, sums + done * 4, 16);
    }
}

#pragma clang attribute pop

const ct_kernels ct_avx512_vnni = {
    .name = "avx512-vnni", .title = "AVX-512 VNNI", .supported = ct_has_avx512_vnni, .multiply = multiply, CT_ROWS};
#endif
