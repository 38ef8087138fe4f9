#version 460
// For prompts, what lies between the query, key and value projections and attention: norms of heads where a model has them, rotary
// embedding, and keeping keys and values.
//   qkv (tokens, qkv_stride) f32: q (HEADS, SIZE), k, v (KV_HEADS, SIZE); rows (tokens): sequence, position; pages (sequences, most_pages);
//   turns (positions, SIZE) f32: cosines, then sines; norms (2, 4 * QUADS) f32: q's and k's
//   ->  query (tokens, HEADS, 4 * QUADS) f32, padded with zeros; cache
// A team of TEAM invocations takes a head, four values each; a work group takes 256 / TEAM heads of a row.
// Defined by Sources/TernaryReference/RotaryEmbedding.swift, RMSNorm.swift, Sources/TernaryCore/Transformer/KeyValueElement.swift.
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
layout(constant_id = 7) const uint TEAM = 16;  // a power of two from 8 to 64, at least QUADS

const uint QUADS = (SIZE + 3) / 4;

layout(push_constant) uniform Params {
    uint qkv_stride;
    uint most_pages;  // of a sequence
} params;

layout(std430, set = 0, binding = 0) readonly buffer Qkv { float qkv[]; };
layout(std430, set = 0, binding = 1) readonly buffer Rows { uvec2 rows[]; };
layout(std430, set = 0, binding = 2) readonly buffer Pages { uint pages[]; };
layout(std430, set = 0, binding = 3) readonly buffer Turns { float turns[]; };
layout(std430, set = 0, binding = 4) readonly buffer Norms { vec4 norms[]; };
layout(std430, set = 0, binding = 5) writeonly buffer Query { vec4 query[]; };
#define CACHE_BINDING 6
#define CACHE_ACCESS writeonly
#define CACHE_IS_WRITTEN

#define LANE_SUMS 1
#include "key_value.glsl"
#include "workgroup.glsl"
#include "norm.glsl"

shared vec4 head_values[WG_SIZE];

#include "heads.glsl"

void main() {
    const uint lane = gl_SubgroupID * SUBGROUP + gl_SubgroupInvocationID;
    const uint token = gl_WorkGroupID.y;
    const uint head = gl_WorkGroupID.x * (WG_SIZE / TEAM) + lane / TEAM;
    const uint quad = lane % TEAM;
    const bool is_query = head < HEADS;
    const bool is_key = !is_query && head < HEADS + KV_HEADS;
    const bool is_there = head < HEADS + 2 * KV_HEADS && quad < QUADS;
    const uvec2 row = rows[token];

    vec4 x = vec4(0.0);
    if (is_there) x = head_quad(token * params.qkv_stride + head * SIZE, quad);
    if (NORMED != 0) {
        x = normed_quad(x, lane, is_there && ((is_query && (NORMED & 1) != 0) || (is_key && (NORMED & 2) != 0)), is_key);
    }
    head_values[lane] = x;
    barrier();
    if (is_there && (is_query || is_key)) {
        x = turned_quad(x, lane, turn_quad(row.y * SIZE, quad), turn_quad(row.y * SIZE + HALF_SIZE, quad));
    }
    const RAW raw = rounded_quad(x);
    if (!is_there) return;
    if (is_query) {
        query[(token * HEADS + head) * QUADS + quad] = exact_factor(x);
        return;
    }
    const uint page = pages[row.x * params.most_pages + row.y / PAGE];
    keep_quad(page, quad_in_page(is_key ? KEYS : VALUES, (head - HEADS) % KV_HEADS, row.y % PAGE, quad), raw);
}
