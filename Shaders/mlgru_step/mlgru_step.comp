#version 460
// One step of the MLGRU for several sequences at once, and its output gate: a row is one token of a sequence of its own, so rows
// do not wait for each other as those of mlgru.comp do.
//   input, forget, gate (rows, stride) f32, lower bound (D) f32, sequence of each row (rows) u32, state (sequences, state_stride) f32
//     ->  state, gated (rows, stride) f32
// One invocation a channel of a row; everything is read and written once. PROJECTIONS 1: the gates are computed here from i_proj and
// f_proj; 0: input and forget are the gates, as mlgru_fused leaves them. No two rows may be of the same sequence.
// Defined by Sources/TernaryReference/MLGRU.swift and OutputGate.swift
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 256) in;

layout(constant_id = 1) const uint PROJECTIONS = 0;
layout(constant_id = 2) const uint HAS_LOWER_BOUND = 1;

layout(push_constant) uniform Params {
    uint channels;      // D
    uint stride;        // of the rows of input, forget, gate and gated
    uint state_stride;  // from the state of one sequence to that of the next
} params;

layout(std430, set = 0, binding = 0) readonly buffer Input { float input_[]; };
layout(std430, set = 0, binding = 1) readonly buffer Forget { float forget[]; };
layout(std430, set = 0, binding = 2) readonly buffer Gate { float gate[]; };
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
    Gates gates = Gates(forget[at], input_[at]);
    if (PROJECTIONS != 0) {
        float bound = 0.0;
        if (HAS_LOWER_BOUND != 0) bound = lower_bound[channel];
        gates = mlgru_gates(gates.input_, gates.forget, HAS_LOWER_BOUND != 0, bound);
    }
    const float h = mlgru_step(state[place], gates);
    state[place] = h;
    gated[at] = output_gate(gate[at], h);
}
