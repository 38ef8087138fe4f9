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
#include "multiply256.h"

#pragma clang attribute pop

const ct_kernels ct_avx2 = {
    .name = "avx2", .title = "AVX2", .supported = ct_has_avx2, .multiply = multiply, CT_ROWS};
#endif
