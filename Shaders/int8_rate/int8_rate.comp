#version 460
// Products of four int8 with four, one after the other and nothing else: what the device's integer units can do at best.
//   result (invocations) i32
// Every invocation has 8 sums, x = x + x . weight, x also read as four int8: no product can be had without the one before in its
// sum, and those of the other sums hide its latency. The result is 32-bit arithmetic that wraps round, so the host can repeat it.
// Repeated by Sources/TernaryKernels/Int8Rate.swift
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#ifdef INTEGER_DOT
#extension GL_EXT_spirv_intrinsics : require
#endif

layout(local_size_x = 256) in;

layout(push_constant) uniform Params {
    uint steps;   // products of each sum
    uint weight;  // four int8
} params;

layout(std430, set = 0, binding = 0) writeonly buffer Result { int result[]; };

#include "dot4.glsl"

void main() {
    int sums[8];
    [[unroll]] for (int i = 0; i < 8; ++i) sums[i] = int(gl_LocalInvocationIndex) * 8 + i;
    for (uint step = 0; step < params.steps; ++step) {
        [[unroll]] for (uint i = 0; i < 8; ++i) sums[i] = dot4(uint(sums[i]), params.weight, sums[i]);
    }
    int total = 0;
    [[unroll]] for (uint i = 0; i < 8; ++i) total ^= sums[i];
    result[gl_GlobalInvocationID.x] = total;
}
