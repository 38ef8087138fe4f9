// Canonical arithmetic: the sequences of Sources/TernaryCore/Exact.swift, specified in docs/EXACT.md.
// Every intermediate is `precise`, so no compiler may contract a multiply and an add; only operations that Vulkan
// requires to be correctly rounded are used.
#ifndef EXACT_GLSL
#define EXACT_GLSL

const float EXACT_SMALLEST = 7.888609052210118e-31;  // 2^-100
const float EXACT_LARGEST = 1125899906842624.0;      // 2^50

// Into the range in which no later operation meets a denormal or an infinity; zero becomes +0.
float settle(float x) {
    return abs(x) < EXACT_SMALLEST ? 0.0 : clamp(x, -EXACT_LARGEST, EXACT_LARGEST);
}

// Into the range whose products need no settling.
float exact_factor(float x) {
    return abs(x) < 8.8817841970012523e-16 ? 0.0 : clamp(x, -EXACT_LARGEST, EXACT_LARGEST);  // 2^-50
}

vec4 exact_factor(vec4 v) { return vec4(exact_factor(v.x), exact_factor(v.y), exact_factor(v.z), exact_factor(v.w)); }

float settled_product(float a, float b) {
    precise float product = a * b;
    return settle(product);
}

float settled_sum(float a, float b) {
    precise float sum = a + b;
    return settle(sum);
}

vec4 settled_product(vec4 a, vec4 b) {
    return vec4(settled_product(a.x, b.x), settled_product(a.y, b.y), settled_product(a.z, b.z), settled_product(a.w, b.w));
}

// 1/x for x in [2^-100, 2^100].
float exact_reciprocal(float x) {
    precise float y = uintBitsToFloat(0x7EF311C3u - floatBitsToUint(x));
    for (int step = 0; step < 4; ++step) {
        precise float xy = x * y;
        precise float e = 1.0 - xy;
        precise float correction = y * e;
        y = y + correction;
    }
    return y;
}

// 1/sqrt(x) for x in [2^-100, 2^100].
float exact_rsqrt(float x) {
    precise float h = 0.5 * x;
    precise float y = uintBitsToFloat(0x5F3759DFu - (floatBitsToUint(x) >> 1));
    for (int step = 0; step < 4; ++step) {
        precise float hy = h * y;
        precise float hyy = hy * y;
        precise float e = 0.5 - hyy;
        precise float correction = y * e;
        y = y + correction;
    }
    return y;
}

// e^x, x clamped to [-69, 69].
float exact_exp(float x) {
    const float y = clamp(x, -69.0, 69.0);
    precise float scaled = y * 1.44269504;
    const float n = roundEven(scaled);
    precise float high = n * 0.693359375;
    precise float low = n * -2.12194440e-4;
    precise float partial = y - high;
    precise float r = partial - low;
    precise float p = 1.9875691500e-4;
    p = p * r + 1.3981999507e-3;
    p = p * r + 8.3334519073e-3;
    p = p * r + 4.1665795894e-2;
    p = p * r + 1.6666665459e-1;
    p = p * r + 5.0000001201e-1;
    precise float rr = r * r;
    precise float prr = p * rr;
    precise float tail = prr + r;
    precise float e = tail + 1.0;
    precise float result = e * uintBitsToFloat(uint(int(n) + 127) << 23);
    return result;
}

// e^x of a softmax, x <= 0.
float softmax_weight(float x) { return x < -34.0 ? 0.0 : exact_exp(x); }

float exact_sigmoid(float x) {
    const float e = exact_exp(-abs(x));
    precise float d = 1.0 + e;
    precise float slope = 0.47058824 * d;
    precise float y = 1.4117647 - slope;
    for (int step = 0; step < 3; ++step) {
        precise float dy = d * y;
        precise float error = 1.0 - dy;
        precise float correction = y * error;
        y = y + correction;
    }
    precise float ey = e * y;
    return x < 0.0 ? ey : y;
}

float exact_silu(float x) {
    return settled_product(x, exact_sigmoid(x));
}

// Rounds to the nearest integer, halves away from zero, within int8.
int round_to_int8(float x) {
    const float magnitude = abs(x);
    const float whole = trunc(magnitude);
    precise float rest = magnitude - whole;
    const float rounded = min(whole + (rest >= 0.5 ? 1.0 : 0.0), 128.0);
    return clamp(int(x < 0.0 ? -rounded : rounded), -128, 127);
}

#endif
