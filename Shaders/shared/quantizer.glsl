// What the fused and the unfused quantiser share. Defined by Sources/TernaryReference/Quantize.swift. The includer declares
// HALVES_TO_EVEN: not 0 where codes half between integers go to the even one and not away from zero.
#ifndef QUANTIZER_GLSL
#define QUANTIZER_GLSL
#include "exact.glsl"

float largest(vec4 v) {
    const vec4 a = abs(v);
    return max(max(a.x, a.y), max(a.z, a.w));
}

// What a weighted value is multiplied by before it is rounded: 127 over the row's peak, the norm's factor cancelled.
float quantizer_levels(float row_peak, float root_inverse) {
    precise float peak = row_peak * root_inverse;
    precise float levels = peak > 1e-5 ? 127.0 * exact_reciprocal(row_peak) : 12700000.0 * root_inverse;
    return levels;
}

// What a code of 1 stands for.
float quantizer_step(float row_peak, float root_inverse) {
    precise float peak = row_peak * root_inverse;
    precise float step = max(peak, 1e-5) * (1.0 / 127.0);
    return step;
}

// Exact.roundToInt8 for |x| < 127.5. Away from zero: a float below 0.5 plus the largest float below 0.5 stays below 1, and 0.5 plus it
// rounds up to 1; so at every half.
int round_small(float x) {
    if (HALVES_TO_EVEN != 0) return int(roundEven(x));
    const float half_away = uintBitsToFloat((floatBitsToUint(x) & 0x80000000u) | 0x3EFFFFFFu);
    precise float sum = x + half_away;
    return int(sum);
}

// Four codes in a word, and their sum. The weighted values need not be settled: what is below 2^-100 is code 0 either way, as levels
// stay below 2^50; and what is above 2^50 is the row's peak once it is settled, whose code is 127, as it is held to here.
uint pack_codes(vec4 weighted, float levels, out int sum) {
    precise vec4 scaled = weighted * levels;
    const vec4 held = clamp(scaled, -127.0, 127.0);
    const ivec4 c = ivec4(round_small(held.x), round_small(held.y), round_small(held.z), round_small(held.w));
    sum = c.x + c.y + c.z + c.w;
    return uint((c.x & 0xFF) | (c.y & 0xFF) << 8 | (c.z & 0xFF) << 16 | c.w << 24);
}

#endif
