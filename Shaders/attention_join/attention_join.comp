#version 460
// Joins what chunks of keys add to each query head, in their order.
//   partial (rows, HEADS, chunks, 4 * QUADS + 4) f32 as attention writes it; rows: sequence, position  ->  attended (rows, stride) f32
// A work group takes a head of a row, an invocation an element; the factors of up to 256 chunks are computed side by side.
// Defined by Sources/TernaryReference/Attention.swift (AttentionSum).
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require

const uint WG_SIZE = 256;
layout(local_size_x = 256) in;

layout(constant_id = 1) const uint HEADS = 8;
layout(constant_id = 2) const uint SIZE = 64;
layout(constant_id = 3) const uint DEPTH = 8;  // chunks that are loaded ahead

layout(push_constant) uniform Params {
    uint chunks;  // that partial has room for
    uint stride;
} params;

layout(std430, set = 0, binding = 0) readonly buffer Partial { float partial[]; };
layout(std430, set = 0, binding = 1) readonly buffer Rows { uvec2 rows[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Attended { float attended[]; };

#include "exact.glsl"

const uint QUADS = (SIZE + 3) / 4;
const uint STRIDE = 4 * QUADS + 4;

shared float largest[WG_SIZE];
shared float sums[WG_SIZE];
shared float own[WG_SIZE];    // what the chunks before are multiplied by
shared float other[WG_SIZE];  // and the chunk itself

void main() {
    const uint lane = gl_LocalInvocationIndex;
    const uint head = gl_WorkGroupID.x;
    const uint token = gl_WorkGroupID.y;
    const uint count = rows[token].y / 64 + 1;
    const uint first = (token * HEADS + head) * params.chunks * STRIDE;
    const uint element = min(lane, SIZE - 1);

    precise float value = 0.0;
    precise float sum = 0.0;
    float highest = -EXACT_LARGEST;
    for (uint start = 0; start < count; start += WG_SIZE) {
        const uint here = min(count - start, WG_SIZE);
        float own_largest = -EXACT_LARGEST;
        if (lane < here) {
            own_largest = partial[first + (start + lane) * STRIDE + 4 * QUADS];
            sums[lane] = partial[first + (start + lane) * STRIDE + 4 * QUADS + 1];
        }
        largest[lane] = own_largest;
        barrier();
        float before = highest;
        for (uint k = 0; k < min(lane, here); ++k) before = max(before, largest[k]);
        const float now = max(before, own_largest);
        precise float risen = before - now;
        precise float below = own_largest - now;
        own[lane] = softmax_weight(risen);
        other[lane] = softmax_weight(below);
        barrier();
        for (uint block = 0; block < here; block += DEPTH) {
            float added[DEPTH];
            [[unroll]] for (uint d = 0; d < DEPTH; ++d) {
                added[d] = partial[first + (start + min(block + d, here - 1)) * STRIDE + element];
            }
            [[unroll]] for (uint d = 0; d < DEPTH; ++d) {
                const uint k = block + d;
                if (k < here) {
                    sum = settled_product(own[k], sum) + settled_product(other[k], sums[k]);
                    value = settled_sum(settled_product(own[k], value), settled_product(other[k], added[d]));
                    highest = max(highest, largest[k]);
                }
            }
        }
        barrier();
    }
    if (lane < SIZE) {
        attended[token * params.stride + head * SIZE + lane] = settled_product(value, exact_reciprocal(sum));
    }
}
