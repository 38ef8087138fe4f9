// One layer's keys and values in pages of 256 tokens: (pages, 2, KV_HEADS, 256, 4 * QUADS), keys before values.
// A build has CACHE 0: f32, 1: f16, 2: bytes, behind those of a page an f32 scale for every 32 of them, (2, KV_HEADS, 256, QUADS / 8).
// The includer declares KV_HEADS, QUADS (fours of a head, the last padded with zeros) and CACHE_BINDING.
// Defined by Sources/TernaryCore/Transformer/KeyValueElement.swift.
#ifndef KEY_VALUE_GLSL
#define KEY_VALUE_GLSL
#include "exact.glsl"

const uint PAGE = 256;   // tokens
const uint CHUNK = 64;   // keys whose scores are summed together
const uint PLANE = PAGE * QUADS;                  // fours of one head's keys in a page
const uint PAGE_QUADS = 2 * KV_HEADS * PLANE;     // fours of a page

#if CACHE == 0
layout(std430, set = 0, binding = CACHE_BINDING) CACHE_ACCESS buffer Cache { vec4 cache[]; };
#elif CACHE == 1
layout(std430, set = 0, binding = CACHE_BINDING) CACHE_ACCESS buffer Cache { uvec2 cache[]; };
#else
layout(std430, set = 0, binding = CACHE_BINDING) CACHE_ACCESS buffer Cache { uint cache[]; };
const uint PAGE_WORDS = PAGE_QUADS + PAGE_QUADS / 8;
#endif

const uint KEYS = 0;
const uint VALUES = 1;

// Where in its page the four of a token lies; which is KEYS or VALUES.
uint quad_in_page(uint which, uint kv_head, uint slot, uint quad) {
    return (which * KV_HEADS + kv_head) * PLANE + slot * QUADS + quad;
}

#ifdef CACHE_IS_READ
// Four values as they lie in memory, so that they can be on their way while something else is computed.
#if CACHE == 0
#define RAW vec4
RAW raw_quad(uint page, uint place) { return cache[page * PAGE_QUADS + place]; }
vec4 quad_value(RAW raw) { return raw; }
#elif CACHE == 1
#define RAW uvec2
RAW raw_quad(uint page, uint place) { return cache[page * PAGE_QUADS + place]; }
vec4 quad_value(RAW raw) { return vec4(unpackHalf2x16(raw.x), unpackHalf2x16(raw.y)); }  // no subnormals are kept
#else
#define RAW uvec2
RAW raw_quad(uint page, uint place) {
    return uvec2(cache[page * PAGE_WORDS + place], cache[page * PAGE_WORDS + PAGE_QUADS + place / 8]);
}
vec4 quad_value(RAW raw) {
    const float scale = uintBitsToFloat(raw.y);
    // Exact: a byte times a binary16 value.
    return vec4(bitfieldExtract(int(raw.x), 0, 8), bitfieldExtract(int(raw.x), 8, 8), bitfieldExtract(int(raw.x), 16, 8), int(raw.x) >> 24) * scale;
}
#endif
#endif

#ifndef CACHE_IS_READ
// The bits of the nearest binary16 value, ties to even: 0 below 2^-14, 65504 at most.
uint half_bits(float x) {
    const uint bits = floatBitsToUint(x);
    const uint magnitude = bits & 0x7FFFFFFFu;
    if (magnitude < 0x38800000u) return 0u;
    const uint rounded = min((magnitude + 0xFFFu + ((magnitude >> 13) & 1u)) & ~0x1FFFu, 0x477FE000u);
    return ((bits & 0x80000000u) >> 16) | ((rounded - 0x38000000u) >> 13);
}

#if CACHE == 0
void keep_quad(uint page, uint place, vec4 v) { cache[page * PAGE_QUADS + place] = exact_factor(v); }
#elif CACHE == 1
void keep_quad(uint page, uint place, vec4 v) {
    cache[page * PAGE_QUADS + place] = uvec2(half_bits(v.x) | half_bits(v.y) << 16, half_bits(v.z) | half_bits(v.w) << 16);
}
#else
// largest: of the 32 values that share a scale.
void keep_quad(uint page, uint place, vec4 v, float largest) {
    precise float wanted = largest * (1.0 / 127.0);
    const uint bits = half_bits(wanted);
    const float scale = bits == 0u ? 0.0 : uintBitsToFloat((bits << 13) + 0x38000000u);
    const float inverse = scale > 0.0 ? exact_reciprocal(scale) : 0.0;
    precise vec4 levels = v * inverse;
    const ivec4 c = ivec4(round_to_int8(levels.x), round_to_int8(levels.y), round_to_int8(levels.z), round_to_int8(levels.w));
    cache[page * PAGE_WORDS + place] = uint((c.x & 0xFF) | (c.y & 0xFF) << 8 | (c.z & 0xFF) << 16 | c.w << 24);
    if (place % 8 == 0) cache[page * PAGE_WORDS + PAGE_QUADS + place / 8] = floatBitsToUint(scale);
}
#endif
#endif

#endif
