// What the processor can do and the operating system lets it: cpuid, and the register state that xgetbv reports.
#include "tables.h"

#if defined(__x86_64__)
#include <cpuid.h>

typedef struct {
    bool avx2, avx_vnni, avx512_vnni;
} features;

static uint64_t enabled_state(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static features detect(void) {
    features found = {false, false, false};
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX)) return found;
    const uint64_t state = enabled_state();
    const bool f16c = c & bit_F16C;
    const bool has_ymm = (state & 0x06) == 0x06, has_zmm = (state & 0xE6) == 0xE6;
    uint32_t subleaves;
    if (!has_ymm || !__get_cpuid_count(7, 0, &subleaves, &b, &c, &d)) return found;
    found.avx2 = f16c && (b & 1u << 5);
    const bool avx512f = b & 1u << 16, avx512dq = b & 1u << 17, avx512bw = b & 1u << 30, avx512vl = b & 1u << 31;
    found.avx512_vnni = found.avx2 && has_zmm && avx512f && avx512dq && avx512bw && avx512vl && (c & 1u << 11);
    if (subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) found.avx_vnni = found.avx2 && (a & 1u << 4);
    return found;
}

bool ct_has_avx2(void) { return detect().avx2; }
bool ct_has_avx_vnni(void) { return detect().avx_vnni; }
bool ct_has_avx512_vnni(void) { return detect().avx512_vnni; }
#endif
