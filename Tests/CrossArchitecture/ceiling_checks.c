// Loops that measure: they must do what they are timed for.
#include "ceilings.h"
#include "check.h"

static void read_words(const ct_kernels *kernels, generator *g) {
    const size_t streams = (size_t)1 << below(g, 4), count = 64 * streams * between(g, 1, 20);
    const void *bytes = any_bytes(g, count);
    const uint32_t sums[2] = {
        kernels->ceilings->read(bytes, count, streams, 0), kernels->ceilings->read(bytes, count, streams, 4096)};
    result(sums, sizeof sums);
}

// The first line's boundary at or behind a place.
static uint8_t *line(uint8_t *at) { return at + (-(uintptr_t)at & 63); }

static void copy(const ct_kernels *kernels, generator *g) {
    const size_t count = 64 * between(g, 1, 20);
    const uint8_t *from = line(memcpy(room(count + 64), any_bytes(g, count + 64), count + 64));
    for (int past = 0; past < 2; past++) {
        uint8_t *to = line(zeros(count + 64));
        kernels->ceilings->copy(from, to, count, past);
        // Where a line begins within a room is chance, so that this is no result.
        if (memcmp(from, to, count) != 0) abort();
    }
}

static void multiply(const ct_kernels *kernels, generator *g) {
    const size_t steps = below(g, 4) ? between(g, 0, 100) : 8191;
    // Sets multiply as many as suits them.
    if (kernels->ceilings->multiply(steps) != steps * kernels->ceilings->products_each) abort();
}

const check ceiling_checks[] = {{"ceiling_read", read_words}, {"ceiling_copy", copy}, {"ceiling_multiply", multiply}, {NULL, NULL}};
