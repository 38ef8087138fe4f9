// Attention of a group of query heads over a chunk of the keys and values that they share, and the joining of chunks.
//
// A dot product has four partial sums, term j in sum j mod 4. A vector holds the four of CT_WIDTH / 4 keys: keys come in blocks of so
// many, in which four neighbouring values of each key stand together.
#pragma once

#include "transformer.h"
#include "vectors.h"

// Keys in a vector.
enum { CT_KEYS = CT_WIDTH / 4 };

// Four values in each part of a vector.
EXACT_FUNCTION ct_floats four_each(const float *at) {
    ct_floats v;
    for (int lane = 0; lane < CT_WIDTH; lane++) v[lane] = at[lane % 4];
    return v;
}

// (s0 + s1) + (s2 + s3) of CT_WIDTH keys.
EXACT_FUNCTION ct_floats join_sums(const ct_floats sums[4]) {
    const ct_floats low =
        __builtin_shufflevector(sums[0], sums[1], CT_EVEN) + __builtin_shufflevector(sums[0], sums[1], CT_ODD);
    const ct_floats high =
        __builtin_shufflevector(sums[2], sums[3], CT_EVEN) + __builtin_shufflevector(sums[2], sums[3], CT_ODD);
    return __builtin_shufflevector(low, high, CT_EVEN) + __builtin_shufflevector(low, high, CT_ODD);
}

// Scores of CT_WIDTH keys for one or two heads, not settled.
EXACT_FUNCTION void scores_of(
    const float *query, size_t heads, size_t quads, const float *keys, float (*scores)[CT_ATTENTION_CHUNK]) {
    ct_floats sums[2][4];
    for (size_t head = 0; head < heads; head++)
        for (int k = 0; k < 4; k++) sums[head][k] = (ct_floats)(0.0f);
    for (size_t quad = 0; quad < quads; quad++)
        for (size_t k = 0; k < 4; k++) {
            const ct_floats key = floats_at(keys + (k * quads + quad) * CT_WIDTH);
            for (size_t head = 0; head < heads; head++) sums[head][k] += four_each(query + (head * quads + quad) * 4) * key;
        }
    for (size_t head = 0; head < heads; head++) store_floats(join_sums(sums[head]), scores[head]);
}

// Weighted sums of `vectors` vectors of the values for one or two heads, key by key.
EXACT_FUNCTION void weigh_vectors(
    const float (*weights)[CT_ATTENTION_CHUNK], size_t heads, const float *values, size_t pitch, size_t count, size_t vectors,
    float *out, size_t out_pitch) {
    ct_floats sums[2][4];
    for (size_t head = 0; head < heads; head++)
        for (size_t i = 0; i < vectors; i++) sums[head][i] = (ct_floats)(0.0f);
    for (size_t key = 0; key < count; key++)
        for (size_t i = 0; i < vectors; i++) {
            const ct_floats value = floats_at(values + key * pitch + i * CT_WIDTH);
            for (size_t head = 0; head < heads; head++) sums[head][i] += weights[head][key] * value;
        }
    for (size_t head = 0; head < heads; head++)
        for (size_t i = 0; i < vectors; i++) store_floats(sums[head][i], out + head * out_pitch + i * CT_WIDTH);
}

EXACT_FUNCTION void weigh(
    const float (*weights)[CT_ATTENTION_CHUNK], size_t heads, const float *values, size_t size, size_t count, float *out) {
    const size_t pitch = (size + 15) / 16 * 16;
    for (size_t first = 0; first < size; first += 4 * CT_WIDTH) {
        float part[2 * 4 * CT_WIDTH];
        const size_t left = size - first < 4 * CT_WIDTH ? size - first : 4 * CT_WIDTH;
        switch ((left + CT_WIDTH - 1) / CT_WIDTH) {
        case 1: weigh_vectors(weights, heads, values + first, pitch, count, 1, part, 4 * CT_WIDTH); break;
        case 2: weigh_vectors(weights, heads, values + first, pitch, count, 2, part, 4 * CT_WIDTH); break;
        case 3: weigh_vectors(weights, heads, values + first, pitch, count, 3, part, 4 * CT_WIDTH); break;
        default: weigh_vectors(weights, heads, values + first, pitch, count, 4, part, 4 * CT_WIDTH); break;
        }
        for (size_t head = 0; head < heads; head++)
            for (size_t j = 0; j < left; j++) out[head * size + first + j] = exact_settle(part[head * 4 * CT_WIDTH + j]);
    }
}

// Turns a head's scores into weights: the largest score, and the sum of weights.
EXACT_FUNCTION void weights_of(float *restrict scores, size_t count, float scale, float *largest, float *sum) {
    const float lowest = -0x1p50f;
    float tree[CT_ATTENTION_CHUNK];
    for (size_t k = 0; k < count; k++) scores[k] = exact_settle(scores[k] * scale);
    for (size_t k = count; k < CT_ATTENTION_CHUNK; k++) scores[k] = lowest;
    // A maximum in any order is the same.
    memcpy(tree, scores, sizeof tree);
    for (size_t step = CT_ATTENTION_CHUNK / 2; step > 0; step /= 2)
        for (size_t k = 0; k < step; k++) tree[k] = tree[k + step] > tree[k] ? tree[k + step] : tree[k];
    const float highest = tree[0];
    for (size_t k = 0; k < CT_ATTENTION_CHUNK; k++) scores[k] = exact_softmax_weight(scores[k] - highest);
    for (size_t k = count; k < CT_ATTENTION_CHUNK; k++) scores[k] = 0;
    memcpy(tree, scores, sizeof tree);
    for (size_t step = CT_ATTENTION_CHUNK / 2; step > 0; step /= 2)
        for (size_t k = 0; k < step; k++) tree[k] += tree[k + step];
    *largest = highest;
    *sum = tree[0];
}

EXACT_FUNCTION void attend_heads(
    const float *query, size_t first, size_t heads, size_t size, const float *keys, const float *values, size_t count,
    float scale, ct_attended out) {
    const size_t quads = (size + 3) / 4;
    float weights[2][CT_ATTENTION_CHUNK];
    for (size_t key = 0; key < count; key += CT_WIDTH) {
        float scores[2][CT_ATTENTION_CHUNK];
        scores_of(query + first * 4 * quads, heads, quads, keys + key * 4 * quads, scores);
        for (size_t head = 0; head < heads; head++) memcpy(weights[head] + key, scores[head], CT_WIDTH * sizeof(float));
    }
    for (size_t head = 0; head < heads; head++)
        weights_of(weights[head], count, scale, out.largest + first + head, out.sums + first + head);
    weigh(weights, heads, values, size, count, out.values + first * size);
}

static void attention_attend(
    const float *query, size_t heads, size_t size, const float *keys, const float *values, size_t count, float scale,
    ct_attended out) {
    size_t head = 0;
    for (; head + 2 <= heads; head += 2) attend_heads(query, head, 2, size, keys, values, count, scale, out);
    if (head < heads) attend_heads(query, head, 1, size, keys, values, count, scale, out);
}

static void attention_join(ct_attended sum, ct_attended chunk, size_t heads, size_t size) {
    for (size_t head = 0; head < heads; head++) {
        const float highest = chunk.largest[head] > sum.largest[head] ? chunk.largest[head] : sum.largest[head];
        const float own = exact_softmax_weight(sum.largest[head] - highest);
        const float other = exact_softmax_weight(chunk.largest[head] - highest);
        sum.largest[head] = highest;
        sum.sums[head] = exact_settle(own * sum.sums[head]) + exact_settle(other * chunk.sums[head]);
        float *restrict to = sum.values + head * size;
        const float *restrict from = chunk.values + head * size;
        for (size_t j = 0; j < size; j++) to[j] = exact_settle(exact_settle(own * to[j]) + exact_settle(other * from[j]));
    }
}

static void attention_finish(ct_attended sum, size_t heads, size_t size, float *restrict out) {
    for (size_t head = 0; head < heads; head++) {
        const float inverse = exact_reciprocal(sum.sums[head]);
        for (size_t j = 0; j < size; j++) out[head * size + j] = exact_settle(sum.values[head * size + j] * inverse);
    }
}
