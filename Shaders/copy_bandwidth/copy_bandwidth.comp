#version 460
// Copies a buffer, 16 bytes a load and a store: what the device's memory can take and give at once at best.
//   source (vectors) uvec4  ->  target (vectors) uvec4
// Every invocation moves 4 vectors a whole grid apart, so that neighbours touch neighbouring addresses and 4 loads are in flight.
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 256) in;

layout(push_constant) uniform Params {
    uint vectors;
} params;

layout(std430, set = 0, binding = 0) readonly buffer Source { uvec4 source[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Target { uvec4 target[]; };

void main() {
    const uint stride = gl_NumWorkGroups.x * 256;
    for (uint v = gl_GlobalInvocationID.x; v < params.vectors; v += 4 * stride) {
        uvec4 loaded[4];
        for (uint k = 0; k < 4; ++k) loaded[k] = v + k * stride < params.vectors ? source[v + k * stride] : uvec4(0);
        for (uint k = 0; k < 4; ++k) {
            if (v + k * stride < params.vectors) target[v + k * stride] = loaded[k];
        }
    }
}
