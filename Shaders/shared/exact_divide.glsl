// Correctly rounded quotient and square root of settled operands, by integer arithmetic on the mantissas.
#ifndef EXACT_DIVIDE_GLSL
#define EXACT_DIVIDE_GLSL
#include "exact.glsl"

// Rounds a 25-bit mantissa (guard bit last) to nearest even and settles the result; exponent is that of the first bit.
float exact_compose(uint sign, uint mantissa25, bool sticky, int exponent) {
    uint mantissa = mantissa25 >> 1;
    if ((mantissa25 & 1u) != 0u && (sticky || (mantissa & 1u) != 0u)) ++mantissa;
    if (mantissa == 0x1000000u) { mantissa >>= 1; ++exponent; }
    if (exponent < -100) return 0.0;
    if (exponent >= 50) return uintBitsToFloat(sign | floatBitsToUint(EXACT_LARGEST));
    return uintBitsToFloat(sign | uint(exponent + 127) << 23 | (mantissa & 0x7FFFFFu));
}

// a/b, b not zero.
float exact_divide(float a, float b) {
    if (a == 0.0) return 0.0;
    const uint ua = floatBitsToUint(a);
    const uint ub = floatBitsToUint(b);
    int exponent = int((ua >> 23) & 0xFFu) - int((ub >> 23) & 0xFFu);
    uint rest = (ua & 0x7FFFFFu) | 0x800000u;
    const uint divisor = (ub & 0x7FFFFFu) | 0x800000u;
    if (rest < divisor) { rest <<= 1; --exponent; }
    uint quotient = 0u;
    for (int bit = 0; bit < 25; ++bit) {
        quotient <<= 1;
        if (rest >= divisor) { rest -= divisor; quotient |= 1u; }
        rest <<= 1;
    }
    return exact_compose((ua ^ ub) & 0x80000000u, quotient, rest != 0u, exponent);
}

// sqrt(x), x not negative.
float exact_sqrt(float x) {
    if (x == 0.0) return 0.0;
    const uint u = floatBitsToUint(x);
    int exponent = int(u >> 23) - 127;
    uint radicand = (u & 0x7FFFFFu) | 0x800000u;
    if ((exponent & 1) != 0) { radicand <<= 1; --exponent; }
    // The root of radicand * 2^25, two bits of it a step.
    uint root = 0u;
    uint rest = 0u;
    for (int i = 24; i >= 0; --i) {
        const int shift = 2 * i - 25;
        const uint pair = shift >= 0 ? (radicand >> shift) & 3u : (shift == -1 ? (radicand & 1u) << 1 : 0u);
        rest = rest << 2 | pair;
        const uint trial = root << 2 | 1u;
        root <<= 1;
        if (rest >= trial) { rest -= trial; root |= 1u; }
    }
    return exact_compose(0u, root, rest != 0u, exponent / 2);
}

#endif
