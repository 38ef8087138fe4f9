// What the processor can do, as the kernel says it in the auxiliary vector.
#include "tables.h"

#if defined(__aarch64__)
#include <sys/auxv.h>

bool ct_has_neon_dotprod(void) { return getauxval(AT_HWCAP) & HWCAP_ASIMDDP; }

bool ct_has_neon_i8mm(void) { return ct_has_neon_dotprod() && getauxval(AT_HWCAP2) & HWCAP2_I8MM; }
#endif
