// Loops that do one thing as fast as an instruction set can: what kernels are measured against.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef struct ct_ceilings {
    // The sum of the 32-bit words of `count` bytes, of which nothing is kept. The bytes are taken in so many streams side by side (1, 2, 4 or
    // 8), and each line is asked for `ahead` bytes before its turn, where that is not 0. count is a multiple of 64 * streams.
    uint32_t (*read)(const void *bytes, size_t count, size_t streams, size_t ahead);

    // Copies a multiple of 64 bytes between places on cache lines' boundaries; past the caches where that is asked for.
    void (*copy)(const void *from, void *to, size_t count, bool past_caches);

    // Multiplies bytes by bytes, in registers, and adds the products up: `steps` times `products_each`, every product 1; the sum of all of
    // them. At most 8191 steps.
    uint32_t (*multiply)(size_t steps);
    size_t products_each;
} ct_ceilings;

#pragma clang assume_nonnull end
