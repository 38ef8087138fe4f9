// Norms of heads and rotary embedding. A team of TEAM invocations takes a head, four values each.
// The includer declares SIZE, QUADS, TEAM, NORMED, INVERSE_SIZE and EPSILON, the buffers qkv, turns and norms, and head_values, 256 shared
// vec4; it includes exact.glsl, workgroup.glsl and norm.glsl.
// Defined by Sources/TernaryReference/RotaryEmbedding.swift, RMSNorm.swift.
#ifndef HEADS_GLSL
#define HEADS_GLSL

const uint HALF_SIZE = SIZE / 2;

// Four values of the head that begins at `first`, the last padded with zeros.
vec4 head_quad(uint first, uint quad) {
    vec4 x = vec4(0.0);
    [[unroll]] for (uint e = 0; e < 4 * ONCE; ++e) {
        if (quad * 4 + e < SIZE) x[e] = qkv[first + quad * 4 + e];
    }
    return x;
}

// Cosines of four elements, or sines where `first` is HALF_SIZE more.
vec4 turn_quad(uint first, uint quad) {
    vec4 x = vec4(0.0);
    [[unroll]] for (uint e = 0; e < 4 * ONCE; ++e) {
        const uint j = quad * 4 + e;
        if (j < SIZE) x[e] = turns[first + (j < HALF_SIZE ? j : j - HALF_SIZE)];
    }
    return x;
}

// x behind its head's norm, where it has one: the key's or the query's. All of the work group come here together.
vec4 normed_quad(vec4 x, uint lane, bool has_norm, bool is_key) {
    // A head has at most 256 values, so that a lane has one four of it, and lanes beyond the head add nothing to the tree.
    const uint quad = lane % TEAM;
    lane_sums[0][lane] = add_squares(0.0, x);
    barrier();
    for (uint stride = TEAM / 2; stride > 0; stride /= 2) {
        if (quad < stride) {
            precise float sum = lane_sums[0][lane] + lane_sums[0][lane + stride];
            lane_sums[0][lane] = sum;
        }
        barrier();
    }
    if (!has_norm) return x;
    precise float mean = lane_sums[0][lane - quad] * INVERSE_SIZE;
    precise float biased = mean + EPSILON;
    const float inverse = exact_rsqrt(biased);
    return settled_product(settled_product(x, vec4(inverse)), norms[(is_key ? QUADS : 0) + quad]);
}

// x turned; each element pairs with the one half a head away, which head_values holds after a barrier.
vec4 turned_quad(vec4 x, uint lane, vec4 cosines, vec4 sines) {
    const uint quad = lane % TEAM;
    const uint first = (lane - quad) * 4;
    vec4 result = x;
    [[unroll]] for (uint e = 0; e < 4 * ONCE; ++e) {
        const uint j = quad * 4 + e;
        if (j < SIZE) {
            const uint pair = first + (j < HALF_SIZE ? j + HALF_SIZE : j - HALF_SIZE);
            const float across = settled_product(head_values[pair / 4][pair % 4], sines[e]);
            result[e] = settled_sum(settled_product(x[e], cosines[e]), j < HALF_SIZE ? -across : across);
        }
    }
    return result;
}

#endif
