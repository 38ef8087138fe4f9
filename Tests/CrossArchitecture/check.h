// What the checks of kernels share: numbers that are the same everywhere, memory of exactly the size that a kernel may touch, and the
// results that are compared.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "CTernary.h"

// Random numbers, by integer arithmetic alone.
typedef struct {
    uint64_t state;
} generator;

static inline uint32_t next(generator *g) {
    // splitmix64
    g->state += 0x9E3779B97F4A7C15u;
    uint64_t z = g->state;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)(z >> 32);
}

// Less than `count`.
static inline size_t below(generator *g, size_t count) { return next(g) % count; }

// From `low` to `high`.
static inline size_t between(generator *g, size_t low, size_t high) { return low + below(g, high - low + 1); }

// A float of either sign and a magnitude from 2^low to 2^(high + 1).
static inline float float_between(generator *g, int low, int high) {
    const uint32_t exponent = (uint32_t)(127 + low + (int)below(g, (size_t)(high - low + 1)));
    return exact_from_bits((next(g) & 0x807FFFFFu) | exponent << 23);
}

// Mostly ordinary; else zeros of both signs, subnormal, tiny or huge, the ends of what exact_settle and exact_factor keep among them.
static inline float any_float(generator *g) {
    static const float hard[] = {
        0, -0.0f, 0x1p-149f, -0x1.8p-130f, 0x1p-126f, 0x1p-100f, -0x1.fffffep-101f, 0x1p-50f, 0x1.fffffep-51f, 0x1p-14f, 0x1p-24f,
        65504, 65520, 0x1p50f, -0x1.000002p50f, 0x1p63f, -0x1.fffffep127f, 0.5f, -0.5f, 127.5f, -34, 69, -69.5f,
    };
    switch (below(g, 16)) {
    case 0: return hard[below(g, sizeof hard / sizeof *hard)];
    case 1: return float_between(g, -126, 126);
    case 2: return float_between(g, -60, 50);
    default: return float_between(g, -6, 2);
    }
}

// Whether reading or writing beyond a room ends the program without any tool's help.
void guard_rooms(bool is_wanted);

// Memory, or the end of the program.
void *checked(void *memory);

// Memory that a check may use until it ends; what is beyond `count` bytes is nobody's.
void *room(size_t count);

// Gives all rooms back.
void leave_rooms(void);

// The same, with zeros.
void *zeros(size_t count);

// `count` floats, each any_float.
float *any_floats(generator *g, size_t count);

// `count` floats as exact_settle leaves them.
float *settled_floats(generator *g, size_t count);

// `count` random bytes.
void *any_bytes(generator *g, size_t count);

// Adds to what is compared.
void result(const void *bytes, size_t count);

typedef struct {
    const char *name;
    void (*run)(const ct_kernels *kernels, generator *g);
} check;

// Ended by one without a name.
extern const check row_checks[], product_checks[], attention_checks[], ceiling_checks[];
