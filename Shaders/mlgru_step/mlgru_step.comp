#version 460
// One step of the MLGRU for several sequences at once, from the projections to the output gate: a row is one token of a sequence of
// its own, so rows do not wait for each other as those of mlgru.comp do.
//   i_proj, f_proj, g_proj (rows, stride) f32, lower bound (D) f32, sequence of each row (rows) u32, state (sequences, state_stride) f32
//     ->  state, gated (rows, stride) f32
// One invocation a channel of a row; everything is read and written once. No two rows may be of the same sequence.
// Defined by Sources/TernaryReference/MLGRU.swift and OutputGate.swift
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 256) in;

layout(constant_id = 1) const uint HAS_LOWER_BOUND = 1;

layout(push_constant) uniform Params {
    uint channels;      // D
    uint stride;        // of the rows of projections and gated
    uint state_stride;  // from the state of one sequence to that of the next
} params;

layout(std430, set = 0, binding = 0) readonly buffer Input { float zi[]; };
layout(std430, set = 0, binding = 1) readonly buffer Forget { float zf[]; };
layout(std430, set = 0, binding = 2) readonly buffer Gate { float zg[]; };
layout(std430, set = 0, binding = 3) readonly buffer LowerBound { float lower_bound[]; };
layout(std430, set = 0, binding = 4) readonly buffer Sequence { uint sequence[]; };
layout(std430, set = 0, binding = 5) buffer State { float state[]; };
layout(std430, set = 0, binding = 6) writeonly buffer Gated { float gated[]; };

#include "mlgru.glsl"

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= params.channels) return;
    const uint row = gl_GlobalInvocationID.y;
    const uint at = row * params.stride + channel;
    const uint place = sequence[row] * params.state_stride + channel;
    float bound = 0.0;
    if (HAS_LOWER_BOUND != 0) bound = lower_bound[channel];
    const float h = mlgru_step(state[place], mlgru_gates(zi[at], zf[at], HAS_LOWER_BOUND != 0, bound));
    state[place] = h;
    gated[at] = output_gate(zg[at], h);
}
