// Vectors as wide as the registers of an instruction set: CT_WIDTH floats, 4, 8 or 16.
//
// The including file then defines three functions that plain operations would be slow at:
//   halves(pairs, out)       the values of the low and of the high binary16 of each word
//   widen(at)                the values of CT_WIDTH neighbouring binary16, none of them subnormal
//   look_up(levels, codes)   the level at each code's low two bits; levels repeat every four lanes and are multiples (-1, 0, 1, 2) of one
//                            scale
#pragma once

#include "exact.h"

typedef float ct_floats __attribute__((ext_vector_type(CT_WIDTH)));
typedef uint32_t ct_words __attribute__((ext_vector_type(CT_WIDTH)));
typedef int32_t ct_integers __attribute__((ext_vector_type(CT_WIDTH)));

// The lanes of two vectors with even and with odd numbers, and the numbers from 0 on.
#if CT_WIDTH == 16
#define CT_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define CT_ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define CT_NUMBERS {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
#elif CT_WIDTH == 8
#define CT_EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define CT_ODD 1, 3, 5, 7, 9, 11, 13, 15
#define CT_NUMBERS {0, 1, 2, 3, 4, 5, 6, 7}
#else
#define CT_EVEN 0, 2, 4, 6
#define CT_ODD 1, 3, 5, 7
#define CT_NUMBERS {0, 1, 2, 3}
#endif

EXACT_FUNCTION ct_floats floats_at(const void *at) {
    ct_floats v;
    memcpy(&v, at, sizeof v);
    return v;
}

EXACT_FUNCTION ct_words words_at(const void *at) {
    ct_words v;
    memcpy(&v, at, sizeof v);
    return v;
}

EXACT_FUNCTION void store_floats(ct_floats v, float *at) { memcpy(at, &v, sizeof v); }

// Sum of the lanes in a halving tree.
EXACT_FUNCTION float tree_sum(ct_floats v) {
    float lanes[CT_WIDTH];
    memcpy(lanes, &v, sizeof v);
    for (int step = CT_WIDTH / 2; step > 0; step /= 2)
        for (int lane = 0; lane < step; lane++) lanes[lane] += lanes[lane + step];
    return lanes[0];
}
