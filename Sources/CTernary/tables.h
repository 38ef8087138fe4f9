// The tables of kernels that this architecture has.
#pragma once

#include "kernels.h"

extern const ct_kernels ct_portable;

#if defined(__x86_64__)
extern const ct_kernels ct_avx2, ct_avx_vnni, ct_avx512_vnni;

// Whether processor and operating system have the instructions.
bool ct_has_avx2(void), ct_has_avx_vnni(void), ct_has_avx512_vnni(void);
#elif defined(__aarch64__)
extern const ct_kernels ct_neon_dotprod, ct_neon_i8mm;

// Whether the processor has the instructions.
bool ct_has_neon_dotprod(void), ct_has_neon_i8mm(void);
#endif
