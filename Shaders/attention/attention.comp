#version 460
// Attention of few rows, which may be of different sequences: what each chunk of 64 keys adds to each query head's result.
//   query (rows, HEADS, 4 * QUADS) f32; rows: sequence, position; pages (sequences, most_pages); cache
//   ->  partial (rows, HEADS, chunks, 4 * QUADS + 4) f32: weighted values; largest score, sum of weights
// A work group takes a row, a chunk, and SHARE query heads of one key head, so that keys and values are read once for all of them. All its loads
// are on their way before the first is used: what a decode step waits for is latency. Chunks behind a row's position are left alone.
// Defined by Sources/TernaryReference/Attention.swift (AttentionChunk).
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout(constant_id = 1) const uint HEADS = 8;
layout(constant_id = 2) const uint KV_HEADS = 2;
layout(constant_id = 3) const uint QUADS = 16;
layout(constant_id = 4) const float SCALE = 0.125;  // of scores
layout(constant_id = 5) const uint SHARE = 4;       // query heads a work group; at most 8, a divisor of HEADS / KV_HEADS

layout(push_constant) uniform Params {
    uint chunks;      // that partial has room for
    uint most_pages;  // of a sequence
} params;

layout(std430, set = 0, binding = 0) readonly buffer Query { vec4 query[]; };
layout(std430, set = 0, binding = 1) readonly buffer Rows { uvec2 rows[]; };
layout(std430, set = 0, binding = 2) readonly buffer Pages { uint pages[]; };
#define CACHE_BINDING 3
#define CACHE_ACCESS readonly
#define CACHE_IS_READ
layout(std430, set = 0, binding = 4) writeonly buffer Partial { float partial[]; };

#define LANE_SUMS 1
#include "key_value.glsl"
#include "workgroup.glsl"

const uint PIECE = 16;                               // fours of a head that are in shared memory at a time
const uint PIECES = (QUADS + PIECE - 1) / PIECE;
const uint LOADS = CHUNK * PIECE / WG_SIZE;          // an invocation's of a piece
const uint RAWS = PIECES * LOADS;
const uint SLOTS = WG_SIZE / CHUNK;
const uint HEADS_EACH = (SHARE + SLOTS - 1) / SLOTS;  // scores an invocation
const uint LANES = SUBGROUP < CHUNK ? SUBGROUP : CHUNK;
const uint KEYS_EACH = CHUNK / LANES;

shared vec4 tile[CHUNK * (PIECE + 1)];  // one more, so that a four of neighbouring keys lies in other banks
shared vec4 queries[SHARE * QUADS];
shared float weights[SHARE * CHUNK];

// The halving tree 32, 16, ... 1; place l + LANES * k is lane l's k-th.
float tree_64(float part[KEYS_EACH]) {
    precise float value[KEYS_EACH];
    [[unroll]] for (uint k = 0; k < KEYS_EACH; ++k) value[k] = part[k];
    [[unroll]] for (uint half_count = KEYS_EACH / 2; half_count > 0; half_count /= 2) {
        [[unroll]] for (uint k = 0; k < half_count; ++k) value[k] = value[k] + value[k + half_count];
    }
    precise float sum = value[0];
    [[unroll]] for (uint stride = LANES / 2; stride > 0; stride /= 2) sum = sum + subgroupShuffleXor(sum, stride);
    return sum;
}

void store_piece(RAW raw[RAWS], uint piece) {
    [[unroll]] for (uint n = 0; n < LOADS; ++n) {
        const uint unit = gl_LocalInvocationIndex + n * WG_SIZE;
        tile[unit / PIECE * (PIECE + 1) + unit % PIECE] = quad_value(raw[piece * LOADS + n]);
    }
}

void main() {
    const uint lane = gl_LocalInvocationIndex;
    const uint shares = HEADS / SHARE;
    const uint token = gl_WorkGroupID.y / shares;
    const uint first_head = gl_WorkGroupID.y % shares * SHARE;
    const uint kv_head = first_head / (HEADS / KV_HEADS);
    const uvec2 row = rows[token];
    const uint first_key = gl_WorkGroupID.x * CHUNK;
    if (first_key > row.y) return;
    const uint count = min(row.y - first_key + 1, CHUNK);
    const uint page = pages[row.x * params.most_pages + first_key / PAGE];

    RAW key[RAWS];
    RAW value[RAWS];
    [[unroll]] for (uint piece = 0; piece < PIECES; ++piece) {
        [[unroll]] for (uint n = 0; n < LOADS; ++n) {
            const uint unit = lane + n * WG_SIZE;
            const uint quad = piece * PIECE + unit % PIECE;
            // What lies behind the row was never written and may be anything.
            const bool is_there = unit / PIECE < count && quad < QUADS;
            const uint slot = first_key % PAGE + unit / PIECE;
            key[piece * LOADS + n] = RAW(0);
            value[piece * LOADS + n] = RAW(0);
            if (is_there) {
                key[piece * LOADS + n] = raw_quad(page, quad_in_page(KEYS, kv_head, slot, quad));
                value[piece * LOADS + n] = raw_quad(page, quad_in_page(VALUES, kv_head, slot, quad));
            }
        }
    }
    for (uint i = lane; i < SHARE * QUADS; i += WG_SIZE) queries[i] = query[(token * HEADS + first_head) * QUADS + i];

    // Scores: an invocation takes a key, and every fourth head.
    precise vec4 sums[HEADS_EACH];
    [[unroll]] for (uint h = 0; h < HEADS_EACH; ++h) sums[h] = vec4(0.0);
    const uint own_key = lane % CHUNK;
    const uint slot = lane / CHUNK;
    [[unroll]] for (uint piece = 0; piece < PIECES; ++piece) {
        if (piece > 0) barrier();
        store_piece(key, piece);
        barrier();
        [[unroll]] for (uint i = 0; i < PIECE; ++i) {
            const uint quad = piece * PIECE + i;
            if (quad < QUADS) {
                const vec4 k = tile[own_key * (PIECE + 1) + i];
                [[unroll]] for (uint h = 0; h < HEADS_EACH; ++h) {
                    precise vec4 product = queries[min(slot + h * SLOTS, SHARE - 1) * QUADS + quad] * k;
                    sums[h] = sums[h] + product;
                }
            }
        }
    }
    [[unroll]] for (uint h = 0; h < HEADS_EACH; ++h) {
        precise float low = sums[h].x + sums[h].y;
        precise float high = sums[h].z + sums[h].w;
        precise float dot_product = low + high;
        if (slot + h * SLOTS < SHARE) weights[(slot + h * SLOTS) * CHUNK + own_key] = settled_product(dot_product, SCALE);
    }
    barrier();

    // Weights: a subgroup takes a head.
    const uint out_stride = 4 * QUADS + 4;
    const uint first_out = (token * HEADS + first_head) * params.chunks + gl_WorkGroupID.x;
    for (uint h = gl_SubgroupID; h < SHARE; h += SUBGROUPS) {
        float score[KEYS_EACH];
        float largest = -EXACT_LARGEST;
        [[unroll]] for (uint k = 0; k < KEYS_EACH; ++k) {
            const uint place = gl_SubgroupInvocationID % LANES + k * LANES;
            score[k] = weights[h * CHUNK + place];
            if (place < count) largest = max(largest, score[k]);
        }
        [[unroll]] for (uint stride = LANES / 2; stride > 0; stride /= 2) largest = max(largest, subgroupShuffleXor(largest, stride));
        [[unroll]] for (uint k = 0; k < KEYS_EACH; ++k) {
            const uint place = gl_SubgroupInvocationID % LANES + k * LANES;
            precise float below = score[k] - largest;
            score[k] = place < count ? softmax_weight(below) : 0.0;
        }
        const float sum = tree_64(score);
        [[unroll]] for (uint k = 0; k < KEYS_EACH; ++k) {
            if (gl_SubgroupInvocationID < LANES) weights[h * CHUNK + gl_SubgroupInvocationID + k * LANES] = score[k];
        }
        if (gl_SubgroupInvocationID == 0) {
            partial[(first_out + h * params.chunks) * out_stride + 4 * QUADS] = largest;
            partial[(first_out + h * params.chunks) * out_stride + 4 * QUADS + 1] = sum;
        }
    }

    // Weighted values: an invocation takes elements of heads.
    const uint width = 4 * PIECE;
    [[unroll]] for (uint piece = 0; piece < PIECES; ++piece) {
        barrier();  // before the first piece, the weights are awaited, and the keys are no longer read
        store_piece(value, piece);
        barrier();
        for (uint unit = lane; unit < SHARE * width; unit += WG_SIZE) {
            const uint j = unit % width;
            const uint h = unit / width;
            precise float total = 0.0;
            [[unroll]] for (uint k = 0; k < CHUNK; ++k) {
                precise float product = weights[h * CHUNK + k] * tile[k * (PIECE + 1) + j / 4][j % 4];
                total = total + product;
            }
            if (piece * width + j < 4 * QUADS) {
                partial[(first_out + h * params.chunks) * out_stride + piece * width + j] = settle(total);
            }
        }
    }
}
