#version 460
// Reads a buffer once, 16 bytes a load, and does next to nothing with it: what the device's memory can deliver at best.
//   data (vectors) uvec4  ->  result (1) u32, never written unless a sum comes out as one value in 2^32
// Every invocation reads 8 vectors a whole grid apart, so that neighbours read neighbouring addresses and 8 loads are in flight.
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 256) in;

layout(push_constant) uniform Params {
    uint vectors;
} params;

layout(std430, set = 0, binding = 0) readonly buffer Data { uvec4 data[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Result { uint result[]; };

void main() {
    const uint stride = gl_NumWorkGroups.x * 256;
    uvec4 sum = uvec4(0);
    for (uint v = gl_GlobalInvocationID.x; v < params.vectors; v += 8 * stride) {
        uvec4 loaded[8];
        for (uint k = 0; k < 8; ++k) loaded[k] = v + k * stride < params.vectors ? data[v + k * stride] : uvec4(0);
        for (uint k = 0; k < 8; ++k) sum += loaded[k];
    }
    if ((sum.x ^ sum.y ^ sum.z ^ sum.w) == 0x9E3779B9u) result[0] = 1;
}
