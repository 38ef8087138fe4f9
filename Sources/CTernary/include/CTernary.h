// CPU kernels that Swift cannot express (byte dot products, functions compiled for several instruction sets) and the
// thread pool that runs them.
#pragma once

#include "exact.h"
#include "kernels.h"
#include "pool.h"
