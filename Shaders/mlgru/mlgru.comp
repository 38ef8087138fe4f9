#version 460
// The MLGRU over a sequence: h = f * h + i, in time order.
//   forget, input (tokens, stride) f32, state (D) f32, lower bound (D) f32  ->  hidden (tokens, stride) f32, state after the last token
// GATES 0: forget and input are the gates. 1 and 2: they are sigmoid(f_proj) and SiLU(i_proj), of which the gates are made here; 2:
// with a lower bound.
//
// One work group takes CHANNELS channels, one of them each of its first invocations, which do nothing but the chain of steps that none
// can overlap: about 40 cycles a step on an H200. All others help: in a round of TOKENS tokens they load those of one tile of time into
// registers, make gates of those of the tile before and put them into shared memory, and write out the states that the round before
// left there. So everything is read and written once, and no step waits for device memory.
// CHANNELS is a subgroup's invocations where that is 32, so that no subgroup does both; TOKENS is what hides the latency of a load and
// still leaves shared memory to the product that runs on the same processors (24 KiB).
// Defined by Sources/TernaryReference/MLGRU.swift (mlgruSequence)
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require

const uint WG_SIZE = 256;
layout(local_size_x = 256) in;

layout(constant_id = 1) const uint TOKENS = 32;
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

const uint CHANNELS = 32;
const uint TILE = TOKENS * CHANNELS;
const uint HELPERS = WG_SIZE - CHANNELS;  // a multiple of CHANNELS: a helper's channel is always the same
const uint LOADS = (TILE + HELPERS - 1) / HELPERS;

shared vec2 gates[2 * TILE];  // forget and input gates; two tiles, each (TOKENS, CHANNELS)
shared float states[2 * TILE];

void main() {
    const bool steps = gl_LocalInvocationIndex < CHANNELS;
    const uint helper = gl_LocalInvocationIndex - CHANNELS;
    const uint column = gl_LocalInvocationIndex % CHANNELS;
    const uint channel = min(gl_WorkGroupID.x * CHANNELS + column, params.channels - 1);
    const bool is_inside = gl_WorkGroupID.x * CHANNELS + column < params.channels;
    float h = state[channel];
    float bound = 0.0;
    if (GATES == 2) bound = lower_bound[channel];
    float forget_ahead[LOADS];
    float input_ahead[LOADS];

    const uint tiles = (params.tokens + TOKENS - 1) / TOKENS;
    for (uint round = 0; round < tiles + 3; ++round) {
        if (steps) {
            if (round >= 2 && round - 2 < tiles) {
                const uint first = round % 2 * TILE + column;
                const uint count = min(TOKENS, params.tokens - (round - 2) * TOKENS);
                // Loaded before the first step: a load could not pass the store of a state.
                vec2 ahead[TOKENS];
                [[unroll]] for (uint t = 0; t < TOKENS; ++t) ahead[t] = gates[first + t * CHANNELS];
                if (count == TOKENS) {
                    [[unroll]] for (uint t = 0; t < TOKENS; ++t) {
                        h = mlgru_step(h, Gates(ahead[t].x, ahead[t].y));
                        states[first + t * CHANNELS] = h;
                    }
                } else {
                    for (uint t = 0; t < count; ++t) {
                        const vec2 gate = gates[first + t * CHANNELS];
                        h = mlgru_step(h, Gates(gate.x, gate.y));
                        states[first + t * CHANNELS] = h;
                    }
                }
            }
        } else {
            if (round >= 1 && round - 1 < tiles) {
                [[unroll]] for (uint i = 0; i < LOADS; ++i) {
                    const uint at = helper + i * HELPERS;
                    Gates gate = Gates(forget_ahead[i], input_ahead[i]);
                    if (GATES != 0) gate = mlgru_gates_of(input_ahead[i], forget_ahead[i], GATES == 2, bound);
                    if (at < TILE) gates[(round - 1) % 2 * TILE + at] = vec2(gate.forget, gate.input_);
                }
            }
            if (round < tiles) {
                [[unroll]] for (uint i = 0; i < LOADS; ++i) {
                    const uint token = min(round * TOKENS + (helper + i * HELPERS) / CHANNELS, params.tokens - 1);
                    forget_ahead[i] = forget[token * params.stride + channel];
                    input_ahead[i] = input_[token * params.stride + channel];
                }
            }
            if (round >= 3) {
                [[unroll]] for (uint i = 0; i < LOADS; ++i) {
                    const uint at = helper + i * HELPERS;
                    const uint token = (round - 3) * TOKENS + at / CHANNELS;
                    if (at < TILE && token < params.tokens && is_inside) {
                        hidden[token * params.stride + channel] = states[(round - 3) % 2 * TILE + at];
                    }
                }
            }
        }
        barrier();
    }
    if (steps && is_inside) state[channel] = h;
}
