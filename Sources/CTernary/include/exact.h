// Canonical floating-point arithmetic in C: the same sequences as Sources/TernaryCore/Exact.swift, bit for bit.
//
// Only basic operations in a fixed order, never contracted to fused multiply-adds, and no calls, so that loops over
// these functions vectorise. Defined by docs/EXACT.md.
#pragma once

#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define EXACT_FUNCTION static inline __attribute__((always_inline))

// Lanes over which a row is summed.
#define EXACT_LANES 256

EXACT_FUNCTION float exact_from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

EXACT_FUNCTION uint32_t exact_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

EXACT_FUNCTION float exact_magnitude(float x) { return exact_from_bits(exact_bits(x) & 0x7FFFFFFFu); }

// Zero and magnitudes below 2^-100 become +0, magnitudes above 2^50 become 2^50 with their sign.
EXACT_FUNCTION float exact_settle(float x) {
    const float smallest = 0x1p-100f, largest = 0x1p50f;
    const float magnitude = exact_magnitude(x);
    const float held = magnitude < largest ? magnitude : largest;
    const float signed_held = x < 0 ? -held : held;
    return magnitude < smallest ? 0.0f : signed_held;
}

// Zero and magnitudes below 2^-50 become +0, magnitudes above 2^50 become 2^50 with their sign: products need no settling.
EXACT_FUNCTION float exact_factor(float x) {
    const float smallest = 0x1p-50f, largest = 0x1p50f;
    const float magnitude = exact_magnitude(x);
    const float held = magnitude < largest ? magnitude : largest;
    const float signed_held = x < 0 ? -held : held;
    return magnitude < smallest ? 0.0f : signed_held;
}

// 1/x for x in [2^-100, 2^100].
EXACT_FUNCTION float exact_reciprocal(float x) {
    float y = exact_from_bits(0x7EF311C3u - exact_bits(x));
    y = y + y * (1 - x * y);
    y = y + y * (1 - x * y);
    y = y + y * (1 - x * y);
    y = y + y * (1 - x * y);
    return y;
}

// 1/sqrt(x) for x in [2^-100, 2^100].
EXACT_FUNCTION float exact_reciprocal_square_root(float x) {
    const float half = 0.5f * x;
    float y = exact_from_bits(0x5F3759DFu - (exact_bits(x) >> 1));
    y = y + y * (0.5f - (half * y) * y);
    y = y + y * (0.5f - (half * y) * y);
    y = y + y * (0.5f - (half * y) * y);
    y = y + y * (0.5f - (half * y) * y);
    return y;
}

// e^x for x clamped to [-69, 69].
EXACT_FUNCTION float exact_exp(float x) {
    x = x > -69 ? x : -69;
    x = x < 69 ? x : 69;
    // Adding and taking away 1.5 * 2^23 rounds to the nearest integer, halves to even, without a call.
    const float n = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
    const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const float e = (p * (r * r) + r) + 1;
    return e * exact_from_bits((uint32_t)((int32_t)n + 127) << 23);
}

// e^x for a softmax, x <= 0; 0 below -34.
EXACT_FUNCTION float exact_softmax_weight(float x) {
    const float e = exact_exp(x);
    return x < -34 ? 0.0f : e;
}

// 1/(1+e^-x).
EXACT_FUNCTION float exact_sigmoid(float x) {
    const float e = exact_exp(-exact_magnitude(x));
    const float d = 1 + e;
    float y = 1.4117647f - 0.47058824f * d;
    y = y + y * (1 - d * y);
    y = y + y * (1 - d * y);
    y = y + y * (1 - d * y);
    const float below = e * y;
    return x < 0 ? below : y;
}

// x * sigmoid(x), settled.
EXACT_FUNCTION float exact_silu(float x) { return exact_settle(x * exact_sigmoid(x)); }

// Correctly rounded quotient of settled operands, b not zero, settled.
EXACT_FUNCTION float exact_divide(float a, float b) { return exact_settle(a / b); }

// Correctly rounded square root of a settled, non-negative value.
EXACT_FUNCTION float exact_square_root(float x) { return __builtin_sqrtf(x); }

// Nearest integer, halves away from zero, within int8. Holding first and rounding then is the same, the ends being
// integers, and keeps the conversion in range.
EXACT_FUNCTION int32_t exact_round_to_int8(float x) {
    x = x > -128 ? x : -128;
    x = x < 127 ? x : 127;
    const int32_t whole = (int32_t)x;
    const float rest = x - (float)whole;
    return whole + (rest >= 0.5f) - (rest <= -0.5f);
}

// Nearest integer, halves to even, within int8.
EXACT_FUNCTION int32_t exact_round_to_int8_even(float x) {
    x = x > -128 ? x : -128;
    x = x < 127 ? x : 127;
    return (int32_t)((x + 12582912.0f) - 12582912.0f);
}

// The bits of the nearest binary16 value, ties to even: 0 below 2^-14, 65504 at most.
EXACT_FUNCTION uint16_t exact_half_bits(float x) {
    const uint32_t bits = exact_bits(x), magnitude = bits & 0x7FFFFFFFu;
    const uint32_t rounded = (magnitude + 0xFFFu + (magnitude >> 13 & 1)) >> 13;
    const uint32_t held = rounded < 0x23BFFu ? rounded : 0x23BFFu;
    return magnitude < 0x38800000u ? 0 : (uint16_t)((bits >> 16 & 0x8000u) | (held - 0x1C000u));
}

// The value of the bits of a normal binary16 value or zero.
EXACT_FUNCTION float exact_half_value(uint16_t half) {
    const uint32_t magnitude = half & 0x7FFFu;
    return exact_from_bits((uint32_t)(half & 0x8000u) << 16 | (magnitude ? (magnitude << 13) + 0x38000000u : 0));
}
