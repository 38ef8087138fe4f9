#version 460
// Causal attention of a prompt: many rows of one sequence, at consecutive positions.
//   query (tokens, HEADS, 4 * QUADS) f32; rows: sequence and position of the first token; pages (sequences, most_pages); cache
//   ->  attended (tokens, stride) f32
// A work group takes a tile of 32 rows: SHARE query heads of one key head for 32 / SHARE tokens. It goes through the chunks of 64 keys in order;
// queries, keys and values pass through shared memory in pieces, the next of which is on its way while one is computed with. An invocation
// computes two of the four partial sums of 4 x 4 scores, then 4 rows x 4 elements of the weighted values, which it keeps.
// Floor: 4 operations for each query, key at or before it, head and element, as multiplications and additions must stay apart: 40 G for 512 tokens of
// 20 heads of 128 in 30 layers, 1.2 ms at 33 T/s; 1.4 ms with chunks that are cut by the diagonal.
// Defined by Sources/TernaryReference/Attention.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x = 256) in;

layout(constant_id = 1) const uint HEADS = 8;
layout(constant_id = 2) const uint KV_HEADS = 2;
layout(constant_id = 3) const uint SIZE = 64;
layout(constant_id = 4) const float SCALE = 0.125;  // of scores
layout(constant_id = 5) const uint SHARE = 4;       // query heads a tile: a power of two, at most 32, a divisor of HEADS / KV_HEADS
layout(constant_id = 6) const uint STAGE = 768;     // fours in shared memory: 768, and at least 16 * QUADS

const uint QUADS = (SIZE + 3) / 4;

layout(push_constant) uniform Params {
    uint tokens;
    uint most_pages;  // of a sequence
    uint stride;
} params;

layout(std430, set = 0, binding = 0) readonly buffer Query { vec4 query[]; };
layout(std430, set = 0, binding = 1) readonly buffer Rows { uvec2 rows[]; };
layout(std430, set = 0, binding = 2) readonly buffer Pages { uint pages[]; };
#define CACHE_BINDING 3
#define CACHE_ACCESS readonly
#define CACHE_IS_READ
layout(std430, set = 0, binding = 4) writeonly buffer Attended { float attended[]; };

#include "key_value.glsl"

const uint TILE = 32;                                 // rows
const uint PIECE = 8;                                 // fours of a head at a time, of queries and keys
const uint PIECES = (QUADS + PIECE - 1) / PIECE;
const uint KEY_FOURS = CHUNK / 4;
const uint ROW_FOURS = TILE / 4;
const uint PIECE_KEYS = 16;                           // values at a time
const uint VALUE_LOADS = (PIECE_KEYS * QUADS + 255) / 256;
const uint SPANS = (QUADS + 31) / 32;                 // fours of a head that an invocation keeps

// Keys' pieces are (4 * PIECE, KEY_FOURS) and queries' (4 * PIECE, ROW_FOURS): fours of neighbouring keys and rows, which lie where their own number and
// that of the four of elements differ, so that neither filling nor reading meets one bank twice. Values' are (PIECE_KEYS, QUADS).
shared vec4 staged[STAGE];
const uint STAGED_QUERIES = 4 * PIECE * KEY_FOURS;

shared vec4 weights[CHUNK * ROW_FOURS];  // scores, then weights; fours of rows
shared float parts[8 * TILE];
shared float part_sums[8 * TILE];
shared float own[TILE];    // what the chunks before are multiplied by
shared float other[TILE];  // and the chunk itself

uint weight_place(uint key, uint row_four) { return key * ROW_FOURS + (row_four ^ ((key / 4) % ROW_FOURS)); }

void main() {
    const uint lane = gl_LocalInvocationIndex;
    const uint tile_tokens = TILE / SHARE;
    const uint first_head = gl_WorkGroupID.x * SHARE;
    const uint kv_head = first_head / (HEADS / KV_HEADS);
    // The last tokens have the most keys and begin first.
    const uint first_token = (gl_NumWorkGroups.y - 1 - gl_WorkGroupID.y) * tile_tokens;
    const uvec2 first = rows[0];
    const uint last_token = min(first_token + tile_tokens, params.tokens) - 1;
    const uint last_kept = first.y + params.tokens - 1;

    // As a loader of pieces: a four of keys, or of rows, and a four of their elements.
    const bool loads_keys = lane < 128;
    const bool loads_queries = !loads_keys && lane < 192;
    const uint load_four = (lane % 128) / PIECE;
    const uint load_quad = lane % PIECE;
    // As a computer of scores: a pair of partial sums, a four of keys, a four of rows.
    const uint pair = lane / 128;
    const uint key_four = lane % KEY_FOURS;
    const uint score_rows = lane % 128 / KEY_FOURS;
    // As a computer of weights: a row, and every eighth key.
    const uint own_row = lane % TILE;
    const uint part = lane / TILE;
    const uint own_position = first.y + first_token + own_row / SHARE;
    float row_largest = -EXACT_LARGEST;
    precise float row_sum = 0.0;
    // As a computer of values: a four of rows, and fours of elements.
    const uint value_rows = lane / 32;
    precise vec4 value[SPANS * 4];
    [[unroll]] for (uint i = 0; i < SPANS * 4; ++i) value[i] = vec4(0.0);

    const uint chunks = (first.y + last_token) / CHUNK + 1;
    for (uint chunk = 0; chunk < chunks; ++chunk) {
        const uint first_key = chunk * CHUNK;
        const uint first_slot = first_key % PAGE;
        const uint page = pages[first.x * params.most_pages + first_key / PAGE];

        RAW key[4];
        vec4 wanted[4];
        RAW next[VALUE_LOADS];
#define LOAD_PIECE(piece)                                                                                                                \
    [[unroll]] for (uint n = 0; n < 4 * ONCE; ++n) {                                                                                            \
        const uint quad = (piece) * PIECE + load_quad;                                                                                   \
        const uint at = load_four * 4 + n;                                                                                               \
        key[n] = RAW(0);                                                                                                                 \
        wanted[n] = vec4(0.0);                                                                                                           \
        if (loads_keys && quad < QUADS && first_key + at <= last_kept) {                                                                 \
            key[n] = raw_quad(page, quad_in_page(KEYS, kv_head, first_slot + at, quad));                                                 \
        }                                                                                                                                \
        if (loads_queries && quad < QUADS) {                                                                                             \
            const uint token = min(first_token + at / SHARE, last_token);                                                                \
            wanted[n] = query[(token * HEADS + first_head + at % SHARE) * QUADS + quad];                                                 \
        }                                                                                                                                \
    }
#define LOAD_VALUES(start)                                                                                                               \
    [[unroll]] for (uint n = 0; n < VALUE_LOADS; ++n) {                                                                                  \
        const uint unit = lane + n * 256;                                                                                                \
        const uint at = (start) + unit / QUADS;                                                                                          \
        next[n] = RAW(0);                                                                                                                \
        if (unit < PIECE_KEYS * QUADS && first_key + at <= last_kept) {                                                                  \
            next[n] = raw_quad(page, quad_in_page(VALUES, kv_head, first_slot + at, unit % QUADS));                                      \
        }                                                                                                                                \
    }

        LOAD_PIECE(0)
        precise vec4 sums[8];  // of partial sum 2 * pair, then of the next: a row each, over four keys
        [[unroll]] for (uint i = 0; i < 8 * ONCE; ++i) sums[i] = vec4(0.0);
        for (uint piece = 0; piece < PIECES; ++piece) {
            barrier();
            if (loads_keys || loads_queries) {
                const uint fours = loads_keys ? KEY_FOURS : ROW_FOURS;
                const uint place = (loads_keys ? 0 : STAGED_QUERIES) + load_quad * 4 * fours + (load_four ^ load_quad);
                vec4 four[4];
                [[unroll]] for (uint n = 0; n < 4 * ONCE; ++n) four[n] = loads_keys ? quad_value(key[n]) : wanted[n];
                [[unroll]] for (uint e = 0; e < 4 * ONCE; ++e) {
                    staged[place + e * fours] = vec4(four[0][e], four[1][e], four[2][e], four[3][e]);
                }
            }
            barrier();
            if (piece + 1 < PIECES) {
                LOAD_PIECE(piece + 1)
            } else {
                LOAD_VALUES(0)
            }
            [[unroll]] for (uint i = 0; i < PIECE * ONCE; ++i) {
                [[unroll]] for (uint e = 0; e < 2 * ONCE; ++e) {
                    const uint element = i * 4 + pair * 2 + e;
                    const vec4 q = staged[STAGED_QUERIES + element * ROW_FOURS + (score_rows ^ i)];
                    const vec4 k = staged[element * KEY_FOURS + (key_four ^ i)];
                    [[unroll]] for (uint r = 0; r < 4 * ONCE; ++r) {
                        sums[e * 4 + r] = add_product(sums[e * 4 + r], q[r], k);
                    }
                }
            }
        }

        // (s0 + s1) + (s2 + s3): the second pair's sum is handed over where the weights will be.
        [[unroll]] for (uint r = 0; r < 4 * ONCE; ++r) {
            sums[r] = sums[r] + sums[4 + r];
            if (pair == 1) weights[r * 128 + lane % 128] = sums[r];
        }
        barrier();
        if (pair == 0) {
            [[unroll]] for (uint r = 0; r < 4 * ONCE; ++r) {
                sums[r] = sums[r] + weights[r * 128 + lane];
                sums[r] = settled_product(sums[r], vec4(SCALE));
            }
        }
        barrier();
        if (pair == 0) {
            [[unroll]] for (uint k = 0; k < 4 * ONCE; ++k) {
                weights[weight_place(key_four * 4 + k, score_rows)] = vec4(sums[0][k], sums[1][k], sums[2][k], sums[3][k]);
            }
        }
        barrier();

        float weight[8];
        float largest = -EXACT_LARGEST;
        [[unroll]] for (uint m = 0; m < 8 * ONCE; ++m) {
            const uint k = part + 8 * m;
            weight[m] = weights[weight_place(k, own_row / 4)][own_row % 4];
            if (first_key + k <= own_position) largest = max(largest, weight[m]);
        }
        parts[part * TILE + own_row] = largest;
        barrier();
        [[unroll]] for (uint p = 0; p < 8 * ONCE; ++p) largest = max(largest, parts[p * TILE + own_row]);
        [[unroll]] for (uint m = 0; m < 8 * ONCE; ++m) {
            const uint k = part + 8 * m;
            precise float below = weight[m] - largest;
            weight[m] = first_key + k <= own_position ? softmax_weight(below) : 0.0;
            weights[weight_place(k, own_row / 4)][own_row % 4] = weight[m];
        }
        // The halving tree 32, 16, 8 here, 4, 2, 1 over the parts.
        precise float low = (weight[0] + weight[4]) + (weight[2] + weight[6]);
        precise float high = (weight[1] + weight[5]) + (weight[3] + weight[7]);
        precise float sum = low + high;
        part_sums[part * TILE + own_row] = sum;

        precise vec4 total[SPANS * 4];
        [[unroll]] for (uint i = 0; i < SPANS * 4; ++i) total[i] = vec4(0.0);
        for (uint start = 0; start < CHUNK; start += PIECE_KEYS) {
            barrier();  // before the first, for weights and sums too
            [[unroll]] for (uint n = 0; n < VALUE_LOADS; ++n) {
                const uint unit = lane + n * 256;
                if (unit < PIECE_KEYS * QUADS) staged[unit] = quad_value(next[n]);
            }
            if (start == 0 && lane < TILE) {
                precise float even = (part_sums[lane] + part_sums[4 * TILE + lane]) + (part_sums[2 * TILE + lane] + part_sums[6 * TILE + lane]);
                precise float odd =
                    (part_sums[TILE + lane] + part_sums[5 * TILE + lane]) + (part_sums[3 * TILE + lane] + part_sums[7 * TILE + lane]);
                precise float chunk_sum = even + odd;
                const float highest = max(row_largest, largest);
                precise float risen = row_largest - highest;
                precise float below = largest - highest;
                const float own_factor = softmax_weight(risen);
                const float other_factor = softmax_weight(below);
                own[lane] = own_factor;
                other[lane] = other_factor;
                row_largest = highest;
                row_sum = settled_product(own_factor, row_sum) + settled_product(other_factor, chunk_sum);
            }
            barrier();
            if (start + PIECE_KEYS < CHUNK) {
                LOAD_VALUES(start + PIECE_KEYS)
            }
            [[unroll]] for (uint k = 0; k < PIECE_KEYS * ONCE; ++k) {
                const vec4 w = weights[weight_place(start + k, value_rows)];
                [[unroll]] for (uint s = 0; s < SPANS; ++s) {
                    const vec4 v = staged[k * QUADS + min(s * 32 + lane % 32, QUADS - 1)];
                    [[unroll]] for (uint r = 0; r < 4 * ONCE; ++r) {
                        total[s * 4 + r] = add_product(total[s * 4 + r], w[r], v);
                    }
                }
            }
        }
        [[unroll]] for (uint s = 0; s < SPANS; ++s) {
            [[unroll]] for (uint r = 0; r < 4 * ONCE; ++r) {
                const vec4 before = settled_product(vec4(own[value_rows * 4 + r]), value[s * 4 + r]);
                const vec4 added = settled_product(vec4(other[value_rows * 4 + r]), settle(total[s * 4 + r]));
                precise vec4 joined = before + added;
                value[s * 4 + r] = settle(joined);
            }
        }
    }

    barrier();
    if (lane < TILE) own[lane] = exact_reciprocal(row_sum);
    barrier();
    [[unroll]] for (uint r = 0; r < 4 * ONCE; ++r) {
        const uint row = value_rows * 4 + r;
        const uint token = first_token + row / SHARE;
        if (token <= last_token) {
            const uint out_first = token * params.stride + (first_head + row % SHARE) * SIZE;
            [[unroll]] for (uint s = 0; s < SPANS; ++s) {
                const uint j = (s * 32 + lane % 32) * 4;
                [[unroll]] for (uint e = 0; e < 4 * ONCE; ++e) {
                    if (j + e < SIZE) attended[out_first + j + e] = settled_product(value[s * 4 + r][e], own[row]);
                }
            }
        }
    }
}
