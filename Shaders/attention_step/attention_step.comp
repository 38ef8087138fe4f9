#version 460
// Attention of a decode step, one token each of different sequences, from the query, key and value projections on: norms of heads, rotary
// embedding, keeping the token's key and value, and attention over chunks of 64 keys, joined in their order.
//   qkv (rows, qkv_stride) f32: q (HEADS, SIZE), k, v (KV_HEADS, SIZE); rows: sequence, position; pages (sequences, most_pages);
//   turns (positions, SIZE) f32: cosines, then sines; norms (2, 4 * QUADS) f32: q's and k's; cache
//   ->  cache; attended (rows, stride) f32
//   between work groups: partial (rows, HEADS, chunks, QUADS + 1) of four f32: weighted values; largest score, sum of weights;
//   arrivals (rows, HEADS / SHARE), zeros before and after
// A work group takes a row, a chunk, and SHARE query heads of one key head, so that keys and values are read once for all of them. All its loads
// are on their way before the first is used: what a decode step waits for is latency. The last work group of a row and share to arrive joins
// its chunks. Chunks behind a row's position are left alone.
// Defined by Sources/TernaryReference/Attention.swift, RotaryEmbedding.swift, RMSNorm.swift, Sources/TernaryCore/Transformer/KeyValueElement.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout(constant_id = 1) const uint HEADS = 8;
layout(constant_id = 2) const uint KV_HEADS = 2;
layout(constant_id = 3) const uint SIZE = 64;
layout(constant_id = 4) const float INVERSE_SIZE = 0.0;
layout(constant_id = 5) const uint NORMED = 0;  // 1: q, 2: k, 3: both
layout(constant_id = 6) const float EPSILON = 1e-6;
layout(constant_id = 7) const uint TEAM = 16;       // a power of two from 8 to 64, at least QUADS
layout(constant_id = 8) const float SCALE = 0.125;  // of scores
layout(constant_id = 9) const uint SHARE = 4;       // query heads a work group; at most 8, a divisor of HEADS / KV_HEADS
layout(constant_id = 10) const uint DEPTH = 8;      // chunks that are joined at a time; at most 32

const uint QUADS = (SIZE + 3) / 4;

layout(push_constant) uniform Params {
    uint qkv_stride;
    uint most_pages;  // of a sequence
    uint chunks;      // that partial has room for
    uint stride;      // of attended
} params;

layout(std430, set = 0, binding = 0) readonly buffer Qkv { float qkv[]; };
layout(std430, set = 0, binding = 1) readonly buffer Rows { uvec2 rows[]; };
layout(std430, set = 0, binding = 2) readonly buffer Pages { uint pages[]; };
layout(std430, set = 0, binding = 3) readonly buffer Turns { float turns[]; };
layout(std430, set = 0, binding = 4) readonly buffer Norms { vec4 norms[]; };
#define CACHE_BINDING 5
#define CACHE_ACCESS
#define CACHE_IS_READ
#define CACHE_IS_WRITTEN
layout(std430, set = 0, binding = 6) coherent buffer Partial { vec4 partial[]; };
layout(std430, set = 0, binding = 7) coherent buffer Arrivals { uint arrivals[]; };
layout(std430, set = 0, binding = 8) writeonly buffer Attended { float attended[]; };

#define LANE_SUMS 1
#include "key_value.glsl"
#include "workgroup.glsl"
#include "norm.glsl"

const uint PIECE = 16;                               // fours of a head that are in shared memory at a time
const uint PIECES = (QUADS + PIECE - 1) / PIECE;
const uint LOADS = CHUNK * PIECE / WG_SIZE;          // an invocation's of a piece
const uint RAWS = PIECES * LOADS;
const uint SLOTS = WG_SIZE / CHUNK;
const uint HEADS_EACH = (SHARE + SLOTS - 1) / SLOTS;  // scores an invocation
const uint LANES = SUBGROUP < CHUNK ? SUBGROUP : CHUNK;
const uint KEYS_EACH = CHUNK / LANES;
const uint TEAMS = WG_SIZE / TEAM;
const uint ROUNDS = (SHARE + 2 + TEAMS - 1) / TEAMS;  // in which teams take query heads, key and value
const uint QUADS_EACH = (SHARE * QUADS + WG_SIZE - 1) / WG_SIZE;  // of the result

shared vec4 tile[CHUNK * (PIECE + 1)];  // one more, so that a four of neighbouring keys lies in other banks
shared vec4 queries[SHARE * QUADS];
shared RAW own[2 * QUADS];              // the row's key and value
shared float weights[SHARE * CHUNK];
shared vec2 extents[SHARE];             // largest score, sum of weights
shared uint arrived;

#define head_values tile
#include "heads.glsl"

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

void store_piece(RAW raw[RAWS], uint piece, uint lane) {
    [[unroll]] for (uint n = 0; n < LOADS; ++n) {
        const uint unit = lane + n * WG_SIZE;
        tile[unit / PIECE * (PIECE + 1) + unit % PIECE] = quad_value(raw[piece * LOADS + n]);
    }
}

// Joins `count` chunks of a row's heads and writes the result.
void join_chunks(uint lane, uint first_partial, uint count, uint first_attended) {
    precise vec4 value[QUADS_EACH];
    precise float sum[QUADS_EACH];
    [[unroll]] for (uint n = 0; n < QUADS_EACH; ++n) {
        value[n] = vec4(0.0);
        sum[n] = 0.0;
    }
    // A few invocations compute the factors, each of a head and a chunk.
    const uint factor_head = lane / DEPTH;
    float highest = -EXACT_LARGEST;
    for (uint start = 0; start < count; start += DEPTH) {
        const uint here = min(count - start, DEPTH);
        const bool has_factor = factor_head < SHARE && lane % DEPTH < here;
        vec4 extent = vec4(0.0);
        if (has_factor) extent = partial[first_partial + (factor_head * params.chunks + start + lane % DEPTH) * (QUADS + 1) + QUADS];
        vec4 added[QUADS_EACH * DEPTH];
        [[unroll]] for (uint n = 0; n < QUADS_EACH; ++n) {
            const uint unit = min(lane + n * WG_SIZE, SHARE * QUADS - 1);
            const uint first = first_partial + unit / QUADS * params.chunks * (QUADS + 1) + unit % QUADS;
            [[unroll]] for (uint d = 0; d < DEPTH; ++d) {
                added[n * DEPTH + d] = vec4(0.0);
                if (d < here) added[n * DEPTH + d] = partial[first + (start + d) * (QUADS + 1)];
            }
        }
        barrier();  // what shared memory held before is no longer read
        tile[lane] = extent;
        barrier();
        if (has_factor) {
            float before = highest;
            for (uint d = 0; d < here; ++d) {
                const float largest = tile[factor_head * DEPTH + d].x;
                if (d < lane % DEPTH) before = max(before, largest);
                highest = max(highest, largest);
            }
            const float now = max(before, extent.x);
            precise float risen = before - now;
            precise float below = extent.x - now;
            // What the chunks before are multiplied by, and the chunk itself.
            tile[WG_SIZE + lane] = vec4(softmax_weight(risen), softmax_weight(below), extent.y, 0.0);
        }
        barrier();
        [[unroll]] for (uint n = 0; n < QUADS_EACH; ++n) {
            const uint head = min(lane + n * WG_SIZE, SHARE * QUADS - 1) / QUADS;
            [[unroll]] for (uint d = 0; d < DEPTH; ++d) {
                if (d < here) {
                    const vec4 factor = tile[WG_SIZE + head * DEPTH + d];
                    sum[n] = settled_product(factor.x, sum[n]) + settled_product(factor.y, factor.z);
                    const vec4 risen = settled_product(vec4(factor.x), value[n]);
                    precise vec4 total = risen + settled_product(vec4(factor.y), added[n * DEPTH + d]);
                    value[n] = settle(total);
                }
            }
        }
    }
    [[unroll]] for (uint n = 0; n < QUADS_EACH; ++n) {
        const uint unit = lane + n * WG_SIZE;
        const vec4 result = settled_product(value[n], vec4(exact_reciprocal(sum[n])));
        [[unroll]] for (uint e = 0; e < 4 * ONCE; ++e) {
            const uint j = unit % QUADS * 4 + e;
            if (unit < SHARE * QUADS && j < SIZE) attended[first_attended + unit / QUADS * SIZE + j] = result[e];
        }
    }
}

void main() {
    const uint lane = gl_SubgroupID * SUBGROUP + gl_SubgroupInvocationID;
    const uint shares = HEADS / SHARE;
    const uint token = gl_WorkGroupID.y / shares;
    const uint first_head = gl_WorkGroupID.y % shares * SHARE;
    const uint kv_head = first_head / (HEADS / KV_HEADS);
    const uvec2 row = rows[token];
    const uint first_key = gl_WorkGroupID.x * CHUNK;
    if (first_key > row.y) return;
    const uint chunks = row.y / CHUNK + 1;
    const bool is_last = gl_WorkGroupID.x + 1 == chunks;
    const uint count = min(row.y - first_key + 1, CHUNK);
    const uint page = pages[row.x * params.most_pages + first_key / PAGE];

    // Query heads, then key and value, which the last chunk alone needs.
    const uint quad = lane % TEAM;
    const uint wanted = is_last ? SHARE + 2 : SHARE;
    vec4 head[ROUNDS];
    [[unroll]] for (uint r = 0; r < ROUNDS; ++r) {
        const uint place = r * TEAMS + lane / TEAM;
        const uint source = place < SHARE ? first_head + place : HEADS + (place - SHARE) * KV_HEADS + kv_head;
        head[r] = vec4(0.0);
        if (place < wanted && quad < QUADS) head[r] = head_quad(token * params.qkv_stride + source * SIZE, quad);
    }
    const vec4 cosines = turn_quad(row.y * SIZE, quad);
    const vec4 sines = turn_quad(row.y * SIZE + HALF_SIZE, quad);

    // What lies behind the row was never written and may be anything; the row's own is not written yet.
    const uint kept = is_last ? count - 1 : count;
    RAW key[RAWS];
    RAW value[RAWS];
    [[unroll]] for (uint n = 0; n < RAWS; ++n) {
        const uint unit = lane + n % LOADS * WG_SIZE;
        const uint key_quad = n / LOADS * PIECE + unit % PIECE;
        const uint slot = first_key % PAGE + unit / PIECE;
        key[n] = RAW(0);
        value[n] = RAW(0);
        if (unit / PIECE < kept && key_quad < QUADS) {
            key[n] = raw_quad(page, quad_in_page(KEYS, kv_head, slot, key_quad));
            value[n] = raw_quad(page, quad_in_page(VALUES, kv_head, slot, key_quad));
        }
    }

    [[unroll]] for (uint r = 0; r < ROUNDS; ++r) {
        const uint place = r * TEAMS + lane / TEAM;
        const bool is_there = place < wanted && quad < QUADS;
        const bool is_query = place < SHARE;
        const bool is_key = place == SHARE;
        vec4 x = head[r];
        if (NORMED != 0) {
            x = normed_quad(x, lane, is_there && ((is_query && (NORMED & 1) != 0) || (is_key && (NORMED & 2) != 0)), is_key);
        }
        if (r > 0) barrier();
        head_values[lane] = x;
        barrier();
        if (is_query || is_key) x = turned_quad(x, lane, cosines, sines);
        const RAW raw = rounded_quad(x);
        if (is_there) {
            if (is_query) {
                queries[place * QUADS + quad] = exact_factor(x);
            } else {
                own[(place - SHARE) * QUADS + quad] = raw;
                // One of the work groups that share a key head keeps them; none of the others reads them.
                if (first_head % (HEADS / KV_HEADS) == 0) {
                    keep_quad(page, quad_in_page(is_key ? KEYS : VALUES, kv_head, row.y % PAGE, quad), raw);
                }
            }
        }
    }
    barrier();
    if (is_last) {
        [[unroll]] for (uint n = 0; n < RAWS; ++n) {
            const uint unit = lane + n % LOADS * WG_SIZE;
            const uint key_quad = n / LOADS * PIECE + unit % PIECE;
            if (unit / PIECE == kept && key_quad < QUADS) {
                key[n] = own[key_quad];
                value[n] = own[QUADS + key_quad];
            }
        }
    }

    // Scores: an invocation takes a key, and every fourth head.
    precise vec4 sums[HEADS_EACH];
    [[unroll]] for (uint h = 0; h < HEADS_EACH; ++h) sums[h] = vec4(0.0);
    const uint own_key = lane % CHUNK;
    const uint slot = lane / CHUNK;
    [[unroll]] for (uint piece = 0; piece < PIECES; ++piece) {
        if (piece > 0) barrier();
        store_piece(key, piece, lane);
        barrier();
        [[unroll]] for (uint i = 0; i < PIECE * ONCE; ++i) {
            const uint key_quad = piece * PIECE + i;
            if (key_quad < QUADS) {
                const vec4 k = tile[own_key * (PIECE + 1) + i];
                [[unroll]] for (uint h = 0; h < HEADS_EACH; ++h) {
                    sums[h] = add_product(sums[h], queries[min(slot + h * SLOTS, SHARE - 1) * QUADS + key_quad], k);
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
        if (gl_SubgroupInvocationID == 0) extents[h] = vec2(largest, sum);
    }

    // Weighted values: an invocation takes elements of heads.
    const uint width = 4 * PIECE;
    const uint first_partial = (token * HEADS + first_head) * params.chunks * (QUADS + 1);
    const uint first_attended = token * params.stride + first_head * SIZE;
    [[unroll]] for (uint piece = 0; piece < PIECES; ++piece) {
        barrier();  // before the first piece, the weights are awaited, and the keys are no longer read
        store_piece(value, piece, lane);
        barrier();
        for (uint unit = lane; unit < SHARE * width; unit += WG_SIZE) {
            const uint j = unit % width;
            const uint h = unit / width;
            precise float total = 0.0;
            [[unroll]] for (uint k = 0; k < CHUNK * ONCE; ++k) {
                precise float product = weights[h * CHUNK + k] * tile[k * (PIECE + 1) + j / 4][j % 4];
                total = total + product;
            }
            const uint element = piece * width + j;
            if (chunks == 1) {
                // Joining a single chunk changes neither its values nor its sum.
                if (element < SIZE) attended[first_attended + h * SIZE + element] = settled_product(settle(total), exact_reciprocal(extents[h].y));
            } else if (element < 4 * QUADS) {
                partial[first_partial + (h * params.chunks + gl_WorkGroupID.x) * (QUADS + 1) + element / 4][element % 4] = settle(total);
            }
        }
    }
    if (chunks == 1) return;
    if (lane < SHARE) {
        partial[first_partial + (lane * params.chunks + gl_WorkGroupID.x) * (QUADS + 1) + QUADS] = vec4(extents[lane], 0.0, 0.0);
    }

    memoryBarrierBuffer();
    barrier();
    if (lane == 0) arrived = atomicAdd(arrivals[gl_WorkGroupID.y], 1);
    barrier();
    if (arrived + 1 != chunks) return;
    memoryBarrierBuffer();
    if (lane == 0) arrivals[gl_WorkGroupID.y] = 0;
    join_chunks(lane, first_partial, chunks, first_attended);
}
