#version 460
// What leaves the MLGRU before its norm: the gate projection times SiLU of the state.
//   gate, hidden (count) f32  ->  gated (count) f32
// Defined by Sources/TernaryReference/OutputGate.swift
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 256) in;

layout(push_constant) uniform Params { uint count; } params;

layout(std430, set = 0, binding = 0) readonly buffer Gate { float gate[]; };
layout(std430, set = 0, binding = 1) readonly buffer Hidden { float hidden[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Gated { float gated[]; };

#include "mlgru.glsl"

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i < params.count) gated[i] = output_gate(gate[i], hidden[i]);
}
