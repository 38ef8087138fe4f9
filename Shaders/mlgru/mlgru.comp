#version 460
// The MLGRU over a sequence: h = f * h + i, in time order, one invocation a channel.
//   forget, input (tokens, stride) f32, state (D) f32  ->  hidden (tokens, stride) f32, state after the last token
// Defined by Sources/TernaryReference/MLGRU.swift (mlgruSequence)
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 64) in;  // few, so that channels spread over the device

layout(push_constant) uniform Params {
    uint tokens;
    uint channels;  // D
    uint stride;    // of the rows of forget, input and hidden
} params;

layout(std430, set = 0, binding = 0) readonly buffer Forget { float forget[]; };
layout(std430, set = 0, binding = 1) readonly buffer Input { float input_[]; };
layout(std430, set = 0, binding = 2) buffer State { float state[]; };
layout(std430, set = 0, binding = 3) writeonly buffer Hidden { float hidden[]; };

#include "mlgru.glsl"

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= params.channels) return;
    float h = state[channel];
    for (uint t = 0; t < params.tokens; ++t) {
        const uint at = t * params.stride + channel;
        h = mlgru_step(h, Gates(forget[at], input_[at]));
        hidden[at] = h;
    }
    state[channel] = h;
}
