#version 460
// The MLGRU over a sequence: h = f * h + i, in time order, one invocation a channel.
// There are fewer channels than a GPU needs invocations to hide its memory's latency, and no step can overlap the one before: what
// can is the loads, so the gates of AHEAD tokens are on their way while those of the AHEAD before are used.
//   forget, input (tokens, stride) f32, state (D) f32, lower bound (D) f32  ->  hidden (tokens, stride) f32, state after the last token
// GATES 0: forget and input are the gates. 1 and 2: they are sigmoid(f_proj) and SiLU(i_proj), from which the gates take a few
// operations that do not wait for the step before; 2: with a lower bound.
// Defined by Sources/TernaryReference/MLGRU.swift (mlgruSequence)
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x = 64) in;  // few, so that channels spread over the device

layout(constant_id = 1) const uint AHEAD = 16;  // tokens
layout(constant_id = 2) const uint GATES = 0;

layout(push_constant) uniform Params {
    uint tokens;
    uint channels;  // D
    uint stride;    // of the rows of forget, input and hidden
} params;

layout(std430, set = 0, binding = 0) readonly buffer Forget { float forget[]; };
layout(std430, set = 0, binding = 1) readonly buffer Input { float input_[]; };
layout(std430, set = 0, binding = 2) buffer State { float state[]; };
layout(std430, set = 0, binding = 3) writeonly buffer Hidden { float hidden[]; };
layout(std430, set = 0, binding = 4) readonly buffer LowerBound { float lower_bound[]; };

#include "mlgru.glsl"

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= params.channels) return;
    float h = state[channel];
    float bound = 0.0;
    if (GATES == 2) bound = lower_bound[channel];
    float forget_ahead[AHEAD];
    float input_ahead[AHEAD];
    [[unroll]] for (uint d = 0; d < AHEAD; ++d) {
        const uint at = min(d, params.tokens - 1) * params.stride + channel;
        forget_ahead[d] = forget[at];
        input_ahead[d] = input_[at];
    }
    for (uint first = 0; first < params.tokens; first += AHEAD) {
        Gates gates[AHEAD];
        [[unroll]] for (uint d = 0; d < AHEAD; ++d) {
            gates[d] = Gates(forget_ahead[d], input_ahead[d]);
            if (GATES != 0) gates[d] = mlgru_gates_of(input_ahead[d], forget_ahead[d], GATES == 2, bound);
            const uint at = min(first + AHEAD + d, params.tokens - 1) * params.stride + channel;
            forget_ahead[d] = forget[at];
            input_ahead[d] = input_[at];
        }
        [[unroll]] for (uint d = 0; d < AHEAD; ++d) {
            if (first + d < params.tokens) {
                h = mlgru_step(h, gates[d]);
                hidden[(first + d) * params.stride + channel] = h;
            }
        }
    }
    state[channel] = h;
}
