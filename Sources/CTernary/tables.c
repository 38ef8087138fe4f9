#include "tables.h"

const ct_kernels *ct_kernels_at(size_t index) {
    static const ct_kernels *const tables[] = {
#if defined(__x86_64__)
        &ct_avx512_vnni, &ct_avx_vnni, &ct_avx2,
#elif defined(__aarch64__)
        &ct_neon_i8mm, &ct_neon_dotprod,
#endif
        &ct_portable,
    };
    return index < sizeof tables / sizeof *tables ? tables[index] : NULL;
}
