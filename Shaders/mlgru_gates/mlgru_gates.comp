#version 460
// Forget and input gates from their projections, in place, one invocation a channel of a token.
//   zi -> i, zf -> f, (tokens, stride) f32 each; lower_bound (D) f32
// Defined by Sources/TernaryReference/MLGRU.swift (mlgruGates)
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 256) in;

layout(constant_id = 1) const uint HAS_LOWER_BOUND = 1;

layout(push_constant) uniform Params {
    uint tokens;
    uint channels;  // D
    uint stride;
} params;

layout(std430, set = 0, binding = 0) buffer Input { float input_[]; };
layout(std430, set = 0, binding = 1) buffer Forget { float forget[]; };
layout(std430, set = 0, binding = 2) readonly buffer LowerBound { float lower_bound[]; };

#include "mlgru.glsl"

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= params.channels) return;
    const uint at = gl_GlobalInvocationID.y * params.stride + channel;
    float bound = 0.0;
    if (HAS_LOWER_BOUND != 0) bound = lower_bound[channel];
    const Gates gates = mlgru_gates(input_[at], forget[at], HAS_LOWER_BOUND != 0, bound);
    input_[at] = gates.input_;
    forget[at] = gates.forget;
}
