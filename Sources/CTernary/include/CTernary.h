// CPU kernels that Swift cannot express (byte dot products, functions compiled for several instruction sets) and the
// thread pool that runs them.
#pragma once

#include "ceilings.h"
#include "exact.h"
#include "logits.h"
#include "kernels.h"
#include "places.h"
#include "pool.h"
#include "transformer.h"

#include <stddef.h>
#include <stdint.h>

// Lets memory that is freed be used again without going back to the kernel, which would clear every page of it anew: for a program that
// reads a model layer by layer, on several threads. To be called before there are threads.
void ct_keep_freed_memory(void);
