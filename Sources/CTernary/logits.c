#include "CTernary.h"

#include <string.h>

size_t ct_argmax(const float *values, size_t count) {
    float best[16];
    for (int lane = 0; lane < 16; ++lane) best[lane] = values[0];
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        for (int lane = 0; lane < 16; ++lane) best[lane] = values[i + lane] > best[lane] ? values[i + lane] : best[lane];
    }
    float largest = best[0];
    for (int lane = 1; lane < 16; ++lane) largest = best[lane] > largest ? best[lane] : largest;
    for (; i < count; ++i) largest = values[i] > largest ? values[i] : largest;
    for (i = 0; values[i] != largest; ++i) {}
    return i;
}

static inline uint32_t step(uint32_t lane, uint32_t word) {
    lane ^= word;
    return (lane << 13 | lane >> 19) + 0x9E3779B9u;
}

void ct_hash(uint32_t lanes[8], const float *values, size_t count) {
    uint32_t state[8];
    memcpy(state, lanes, sizeof state);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint32_t words[8];
        memcpy(words, values + i, sizeof words);
        for (int lane = 0; lane < 8; ++lane) state[lane] = step(state[lane], words[lane]);
    }
    for (; i < count; ++i) {
        uint32_t word;
        memcpy(&word, values + i, sizeof word);
        state[i % 8] = step(state[i % 8], word);
    }
    memcpy(lanes, state, sizeof state);
}
