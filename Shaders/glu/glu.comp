#version 460
// The channel mixer's product, activation(gate) * up.
//   gate, up (count) f32  ->  product (count) f32
// Defined by Sources/TernaryReference/GLU.swift
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint ACTIVATION = 0;  // glu.glsl

layout(push_constant) uniform Params { uint count; } params;

layout(std430, set = 0, binding = 0) readonly buffer Gate { float gate[]; };
layout(std430, set = 0, binding = 1) readonly buffer Up { float up[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Product { float product[]; };

#include "glu.glsl"

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i < params.count) product[i] = glu_product(gate[i], up[i]);
}
