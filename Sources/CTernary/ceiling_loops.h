// The loops of include/ceilings.h for the vectors of the including file, which may define
//   CT_BYTE_PRODUCTS(sum, a, b)  adds products of the bytes of one ct_words with those of another to the lanes of a sum, of 16 or 32 bits
//   CT_PRODUCTS                  how many those are, where there are not as many as bytes
// Without them products are of 16-bit lanes, as a compiler makes them of plain loops.
#pragma once

#include "ceilings.h"
#include "vectors.h"

// Keeps the compiler from knowing what a register holds.
#if defined(__x86_64__)
#define CT_OPAQUE(v) __asm__ volatile("" : "+v"(v))
#elif defined(__aarch64__)
#define CT_OPAQUE(v) __asm__ volatile("" : "+w"(v))
#else
#define CT_OPAQUE(v) __asm__ volatile("" : "+m"(v))
#endif

enum { CT_LINE = 64, CT_VECTOR_BYTES = 4 * CT_WIDTH };

EXACT_FUNCTION uint32_t word_sum(ct_words v) {
    uint32_t sum = 0;
    for (int lane = 0; lane < CT_WIDTH; lane++) sum += v[lane];
    return sum;
}

EXACT_FUNCTION uint32_t read_streams(const uint8_t *bytes, size_t count, const size_t streams, const size_t ahead) {
    const size_t part = count / streams;
    ct_words sums[4] = {0};
    for (size_t at = 0; at < part; at += CT_LINE)
        for (size_t stream = 0; stream < streams; stream++) {
            const uint8_t *line = bytes + stream * part + at;
            if (ahead) __builtin_prefetch(line + ahead, 0, 3);
            for (int piece = 0; piece < CT_LINE / CT_VECTOR_BYTES; piece++)
                sums[(stream + (size_t)piece) % 4] += words_at(line + piece * CT_VECTOR_BYTES);
        }
    return word_sum(sums[0] + sums[1] + sums[2] + sums[3]);
}

#define CT_READ(streams) ahead ? read_streams(bytes, count, streams, ahead) : read_streams(bytes, count, streams, 0)

static uint32_t ceiling_read(const void *bytes, size_t count, size_t streams, size_t ahead) {
    switch (streams) {
    case 2: return CT_READ(2);
    case 4: return CT_READ(4);
    case 8: return CT_READ(8);
    default: return CT_READ(1);
    }
}

static void ceiling_copy(const void *from, void *to, size_t count, bool past_caches) {
    const ct_words *source = from;
    ct_words *target = to;
    const size_t vectors = count / sizeof(ct_words);
    if (past_caches)
        for (size_t i = 0; i < vectors; i++) __builtin_nontemporal_store(source[i], target + i);
    else
        for (size_t i = 0; i < vectors; i++) {
            ct_words v = source[i];
            // Not a call of memcpy, which chooses for itself.
            CT_OPAQUE(v);
            target[i] = v;
        }
}

#ifdef CT_BYTE_PRODUCTS
#ifndef CT_PRODUCTS
#define CT_PRODUCTS CT_VECTOR_BYTES
#endif
#define CT_ONE 0x01010101u
#else
typedef uint16_t ct_lanes16 __attribute__((ext_vector_type(2 * CT_WIDTH)));
#define CT_PRODUCTS (CT_VECTOR_BYTES / 2)
#define CT_ONE 0x00010001u
#define CT_BYTE_PRODUCTS(sum, a, b) (ct_words)((ct_lanes16)(sum) + (ct_lanes16)(a) * (ct_lanes16)(b))
#endif

// Sums that do not wait for each other: more than an instruction's latency times how many begin in a cycle.
enum { CT_SUMS = 12 };

static uint32_t ceiling_multiply(size_t steps) {
    ct_words a = {0}, b = {0}, sums[CT_SUMS];
    a += CT_ONE;
    b += CT_ONE;
    CT_OPAQUE(b);
    for (int i = 0; i < CT_SUMS; i++) sums[i] = (ct_words){0};
    for (size_t step = 0; step < steps; step++)
        for (int i = 0; i < CT_SUMS; i++) {
            CT_OPAQUE(a);
            sums[i] = CT_BYTE_PRODUCTS(sums[i], a, b);
        }
    uint32_t sum = 0;
    for (int i = 0; i < CT_SUMS; i++)
        // Lanes of 16 bits stand side by side; those of 32 have not come that far.
        for (int lane = 0; lane < CT_WIDTH; lane++) sum += (sums[i][lane] & 0xFFFF) + (sums[i][lane] >> 16);
    return sum;
}

static const ct_ceilings ceilings = {
    .read = ceiling_read, .copy = ceiling_copy, .multiply = ceiling_multiply, .products_each = CT_SUMS * CT_PRODUCTS};
