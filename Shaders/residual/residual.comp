#version 460
// Adds to the residual stream in place.
//   x, y (count) f32  ->  x + y (count) f32
// Defined by Sources/TernaryReference/Residual.swift
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 256) in;

layout(push_constant) uniform Params { uint count; } params;

layout(std430, set = 0, binding = 0) buffer X { float x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Y { float y[]; };

#include "exact.glsl"

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i < params.count) x[i] = settled_sum(x[i], y[i]);
}
