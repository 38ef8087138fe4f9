#version 460
// Applies one function of the exact arithmetic to each value: for the test that holds CPU and Vulkan to the same bits.
//   x, y (count) u32 bit patterns  ->  result (count) u32 bit patterns
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 256) in;

layout(constant_id = 1) const uint FUNCTION = 0;

layout(push_constant) uniform Params { uint count; } params;

layout(std430, set = 0, binding = 0) readonly buffer X { uint x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Y { uint y[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Result { uint result[]; };

#include "exact.glsl"
#include "exact_divide.glsl"

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i >= params.count) return;
    const float a = uintBitsToFloat(x[i]);
    const float b = uintBitsToFloat(y[i]);
    switch (FUNCTION) {
        case 0: result[i] = floatBitsToUint(settle(a)); break;
        case 1: result[i] = floatBitsToUint(exact_reciprocal(a)); break;
        case 2: result[i] = floatBitsToUint(exact_rsqrt(a)); break;
        case 3: result[i] = floatBitsToUint(exact_exp(a)); break;
        case 4: result[i] = floatBitsToUint(exact_sigmoid(a)); break;
        case 5: result[i] = floatBitsToUint(exact_silu(a)); break;
        case 6: result[i] = floatBitsToUint(exact_divide(a, b)); break;
        case 7: result[i] = floatBitsToUint(exact_sqrt(a)); break;
        case 8: result[i] = uint(round_to_int8(a)); break;
        case 9: result[i] = floatBitsToUint(settled_product(a, b)); break;
        case 10: result[i] = floatBitsToUint(settled_sum(a, b)); break;
    }
}
