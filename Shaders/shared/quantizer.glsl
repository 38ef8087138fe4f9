// What the fused and the unfused quantiser share. Defined by Sources/TernaryReference/Quantize.swift.
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

// Four codes in a word, and their sum.
uint pack_codes(vec4 weighted, float levels, out int sum) {
    precise vec4 scaled = weighted * levels;
    const ivec4 c = ivec4(round_to_int8(scaled.x), round_to_int8(scaled.y), round_to_int8(scaled.z), round_to_int8(scaled.w));
    sum = c.x + c.y + c.z + c.w;
    return uint((c.x & 0xFF) | (c.y & 0xFF) << 8 | (c.z & 0xFF) << 16 | c.w << 24);
}

#endif
