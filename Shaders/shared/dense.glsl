// A matrix whose weights are multiplied by floats: 16 bytes of it are a unit, which holds UNIT_QUADS fours of a row's columns.
//   ELEMENT 0: f32, 1: f16, 2: bf16, 3: i8 with an f32 scale for every 16 or 32 columns, each (rows, WIDTH) row-major, WIDTH a multiple of 16;
//   4: T2, of which a unit holds 16 columns of 4 rows, with an f32 scale for the matrix, each row, or every multiple of 16 columns.
// Defined by Sources/TernaryCore/Transformer/DenseMatrix.swift and Projection.swift (LinearMatrix.row).
#ifndef DENSE_GLSL
#define DENSE_GLSL
#include "embedding.glsl"

#if ELEMENT == 0
const uint UNIT_QUADS = 1;
#elif ELEMENT <= 2
const uint UNIT_QUADS = 2;
#else
const uint UNIT_QUADS = 4;
#endif
#if ELEMENT == 4
const uint UNIT_ROWS = 4;
#else
const uint UNIT_ROWS = 1;
#endif
const bool HAS_SCALES = ELEMENT >= 3;

// Four numbers that are the low bytes of each half of two words, less zero, times scale. A byte that is put behind the bits of 2^23 is read
// as 2^23 + byte or 2^23 + 256 * byte: conversion is a slow instruction, and subtraction is exact.
vec4 scaled_bytes(uint low, uint high, uint mask, float zero, float scale) {
    const uint both = mask << 8;
    const vec4 raised = uintBitsToFloat(uvec4(low & mask, low & both, high & mask, high & both) | 0x4B000000u);
    precise vec4 number = raised - vec4(8388608.0 + zero, 8388608.0 + 256.0 * zero, 8388608.0 + zero, 8388608.0 + 256.0 * zero);
    precise float scale_256 = scale * 0.00390625;
    precise vec4 product = number * vec4(scale, scale_256, scale, scale_256);
    return product;
}

// A unit's q-th four, of row r of the unit.
vec4 unit_quad(uvec4 unit, uint q, uint r, float scale) {
#if ELEMENT == 0
    return uintBitsToFloat(unit);
#elif ELEMENT == 1
    const uvec2 words = q == 0 ? unit.xy : unit.zw;
    return vec4(half_value(words.x & 0xFFFFu), half_value(words.x >> 16), half_value(words.y & 0xFFFFu), half_value(words.y >> 16));
#elif ELEMENT == 2
    const uvec2 words = q == 0 ? unit.xy : unit.zw;
    return uintBitsToFloat(uvec4(words.x << 16, words.x & 0xFFFF0000u, words.y << 16, words.y & 0xFFFF0000u));
#elif ELEMENT == 3
    const uint word = unit[q] ^ 0x80808080u;
    return scaled_bytes(word, word >> 16, 0xFFu, 128.0, scale);
#else
    return scaled_bytes(unit[r] >> (2 * q), unit[r] >> (2 * q + 16), 3u, 1.0, scale);
#endif
}

#endif
