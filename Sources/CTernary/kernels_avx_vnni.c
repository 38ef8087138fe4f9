// Kernels for AVX-VNNI: four products of bytes are added to int32 in one instruction, in 256-bit registers.
#include "tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "exact.h"

#pragma clang attribute push(__attribute__((target("avx2,avxvnni,f16c"))), apply_to = function)

#include "vectors256.h"

#define CT_BYTE_PRODUCTS(sum, a, b) (ct_words)_mm256_dpbusd_avx_epi32((__m256i)(sum), (__m256i)(a), (__m256i)(b))
#include "transformer_table.h"

#define CT_DOT(sum, codes, activations) _mm256_dpbusd_avx_epi32(sum, codes, activations)
#define CT_WIDEN(sum) (sum)
#include "multiply256.h"

#pragma clang attribute pop

const ct_kernels ct_avx_vnni = {
    .name = "avx-vnni", .title = "AVX-VNNI", .supported = ct_has_avx_vnni, .multiply = multiply, CT_ROWS};
#endif
