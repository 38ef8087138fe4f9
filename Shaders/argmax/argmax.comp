#version 460
// The place of each row's largest value, the first among equals: the token that greedy sampling takes.
//   logits (rows, columns) f32  ->  next (rows) u32, and the same as drawn (rows) u32
// One work group a row, which it reads once: invocation l looks at values l, l + 256, ..., DEPTH of them on their way at a time,
// because a row alone does not fill a device. Both results are the same: the next pass takes its tokens from one, the host reads
// those of several passes from the other.
// Defined by Sources/TernaryReference/Argmax.swift
#extension GL_EXT_control_flow_attributes : require

const uint WG_SIZE = 256;
layout(local_size_x = 256) in;

layout(constant_id = 1) const uint DEPTH = 16;

layout(push_constant) uniform Params {
    uint columns;
    uint first_drawn;  // where this dispatch's results begin in drawn
} params;

layout(std430, set = 0, binding = 0) readonly buffer Logits { float logits[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Next { uint next[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Drawn { uint drawn[]; };

shared float largest[WG_SIZE];
shared uint places[WG_SIZE];

void main() {
    const uint lane = gl_LocalInvocationIndex;
    const uint start = gl_WorkGroupID.x * params.columns;
    // Places beyond the row repeat its last value, which changes nothing: an equal value further on never wins.
    const uint last = params.columns - 1;
    uint place = min(lane, last);
    float best = logits[start + place];
    for (uint first = lane + WG_SIZE; first < params.columns; first += DEPTH * WG_SIZE) {
        float values[DEPTH];
        [[unroll]] for (uint d = 0; d < DEPTH; ++d) values[d] = logits[start + min(first + d * WG_SIZE, last)];
        [[unroll]] for (uint d = 0; d < DEPTH; ++d) {
            if (values[d] > best) {
                best = values[d];
                place = min(first + d * WG_SIZE, last);
            }
        }
    }
    largest[lane] = best;
    places[lane] = place;
    for (uint half_count = WG_SIZE / 2; half_count > 0; half_count /= 2) {
        barrier();
        if (lane < half_count) {
            const float other = largest[lane + half_count];
            const uint other_place = places[lane + half_count];
            if (other > largest[lane] || (other == largest[lane] && other_place < places[lane])) {
                largest[lane] = other;
                places[lane] = other_place;
            }
        }
    }
    if (lane == 0) {
        next[gl_WorkGroupID.x] = places[0];
        drawn[params.first_drawn + gl_WorkGroupID.x] = places[0];
    }
}
