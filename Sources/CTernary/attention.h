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

// Scores of 2 * CT_WIDTH keys, not settled.
EXACT_FUNCTION void scores_of(const float *query, size_t quads, const float *keys, float *scores) {
    ct_floats sums[8];
    for (int k = 0; k < 8; k++) sums[k] = (ct_floats)(0.0f);
    for (size_t quad = 0; quad < quads; quad++) {
        const ct_floats q = four_each(query + 4 * quad);
        for (size_t k = 0; k < 8; k++) sums[k] += q * floats_at(keys + (k * quads + quad) * CT_WIDTH);
    }
    store_floats(join_sums(sums), scores);
    store_floats(join_sums(sums + 4), scores + CT_WIDTH);
}

// Weighted sums of `vectors` vectors of the values, key by key.
EXACT_FUNCTION void weigh(
    const float *weights, const float *values, size_t pitch, size_t count, size_t vectors, float *out) {
    ct_floats sums[8];
    for (size_t i = 0; i < vectors; i++) sums[i] = (ct_floats)(0.0f);
    for (size_t key = 0; key < count; key++)
        for (size_t i = 0; i < vectors; i++) sums[i] += weights[key] * floats_at(values + key * pitch + i * CT_WIDTH);
    for (size_t i = 0; i < vectors; i++) store_floats(sums[i], out + i * CT_WIDTH);
}

static void attention_attend(
    const float *query, size_t heads, size_t size, const float *keys, const float *values, size_t count, float scale,
    ct_attended out) {
    const size_t quads = (size + 3) / 4, pitch = (size + 15) / 16 * 16;
    const float lowest = -0x1p50f;
    for (size_t head = 0; head < heads; head++) {
        float weights[CT_ATTENTION_CHUNK], tree[CT_ATTENTION_CHUNK];
        for (size_t first = 0; first < count; first += 2 * CT_WIDTH)
            scores_of(query + head * 4 * quads, quads, keys + first * 4 * quads, weights + first);
        float largest = lowest;
        for (size_t k = 0; k < count; k++) {
            weights[k] = exact_settle(weights[k] * scale);
            largest = weights[k] > largest ? weights[k] : largest;
        }
        for (size_t k = count; k < CT_ATTENTION_CHUNK; k++) weights[k] = lowest;
        for (size_t k = 0; k < CT_ATTENTION_CHUNK; k++) weights[k] = exact_softmax_weight(weights[k] - largest);
        for (size_t k = count; k < CT_ATTENTION_CHUNK; k++) weights[k] = 0;
        memcpy(tree, weights, sizeof tree);
        for (size_t step = CT_ATTENTION_CHUNK / 2; step > 0; step /= 2)
            for (size_t k = 0; k < step; k++) tree[k] += tree[k + step];
        out.largest[head] = largest;
        out.sums[head] = tree[0];
        float *sums = out.values + head * size;
        for (size_t first = 0; first < size; first += 8 * CT_WIDTH) {
            float part[8 * CT_WIDTH];
            const size_t left = size - first, vectors = (left + CT_WIDTH - 1) / CT_WIDTH;
            if (vectors >= 8)
                weigh(weights, values + first, pitch, count, 8, part);
            else
                for (size_t i = 0; i < vectors; i++)
                    weigh(weights, values + first + i * CT_WIDTH, pitch, count, 1, part + i * CT_WIDTH);
            for (size_t j = 0; j < (left < 8 * CT_WIDTH ? left : 8 * CT_WIDTH); j++) sums[first + j] = exact_settle(part[j]);
        }
    }
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
