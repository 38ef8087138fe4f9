// One layer's keys and values in pages of 256 tokens: (pages, 2, KV_HEADS, 256, 4 * QUADS), keys before values.
// A build has CACHE 0: f32, 1: f16, 2: bytes, behind those of a page an f32 scale for every 32 of them, (2, KV_HEADS, 256, QUADS / 8).
// The includer declares KV_HEADS, QUADS (fours of a head, the last padded with zeros), CACHE_BINDING and CACHE_ACCESS, and defines
// CACHE_IS_READ, CACHE_IS_WRITTEN or both.
// Defined by Sources/TernaryCore/Transformer/KeyValueElement.swift.
#ifndef KEY_VALUE_GLSL
#define KEY_VALUE_GLSL
#include "exact.glsl"

// Always 1. A loop of so many times its rounds is left to the driver to unroll: the pinned optimiser's copies of a loop's body lose `precise`.
layout(constant_id = 15) const uint ONCE = 1;

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

// Four values as they lie in memory, so that they can be on their way while something else is computed.
#if CACHE == 0
#define RAW vec4
#else
#define RAW uvec2
#endif

#ifdef CACHE_IS_READ
#if CACHE == 0
RAW raw_quad(uint page, uint place) { return cache[page * PAGE_QUADS + place]; }
vec4 quad_value(RAW raw) { return raw; }
#elif CACHE == 1
RAW raw_quad(uint page, uint place) { return cache[page * PAGE_QUADS + place]; }
vec4 quad_value(RAW raw) { return vec4(unpackHalf2x16(raw.x), unpackHalf2x16(raw.y)); }  // no subnormals are kept
#else
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

#ifdef CACHE_IS_WRITTEN
// The bits of the nearest binary16 value, ties to even: 0 below 2^-14, 65504 at most.
uint half_bits(float x) {
    const uint bits = floatBitsToUint(x);
    const uint magnitude = bits & 0x7FFFFFFFu;
    if (magnitude < 0x38800000u) return 0u;
    const uint rounded = min((magnitude + 0xFFFu + ((magnitude >> 13) & 1u)) & ~0x1FFFu, 0x477FE000u);
    return ((bits & 0x80000000u) >> 16) | ((rounded - 0x38000000u) >> 13);
}

// Rounds four values as the cache keeps them. Of bytes, eight neighbouring invocations have the 32 that share a scale, and all of the work
// group come here together.
#if CACHE == 0
RAW rounded_quad(vec4 v) { return exact_factor(v); }
#elif CACHE == 1
RAW rounded_quad(vec4 v) { return uvec2(half_bits(v.x) | half_bits(v.y) << 16, half_bits(v.z) | half_bits(v.w) << 16); }
#else
RAW rounded_quad(vec4 v) {
    const vec4 magnitudes = abs(v);
    float largest = max(max(magnitudes.x, magnitudes.y), max(magnitudes.z, magnitudes.w));
    for (uint stride = 4; stride > 0; stride /= 2) largest = max(largest, subgroupShuffleXor(largest, stride));
    precise float wanted = largest * (1.0 / 127.0);
    const uint bits = half_bits(wanted);
    const float scale = bits == 0u ? 0.0 : uintBitsToFloat((bits << 13) + 0x38000000u);
    const float inverse = scale > 0.0 ? exact_reciprocal(scale) : 0.0;
    precise vec4 levels = v * inverse;
    const ivec4 c = ivec4(round_to_int8(levels.x), round_to_int8(levels.y), round_to_int8(levels.z), round_to_int8(levels.w));
    return uvec2(uint((c.x & 0xFF) | (c.y & 0xFF) << 8 | (c.z & 0xFF) << 16 | c.w << 24), floatBitsToUint(scale));
}
#endif

#if CACHE == 2
void keep_quad(uint page, uint place, RAW raw) {
    cache[page * PAGE_WORDS + place] = raw.x;
    if (place % 8 == 0) cache[page * PAGE_WORDS + PAGE_QUADS + place / 8] = raw.y;
}
#else
void keep_quad(uint page, uint place, RAW raw) { cache[page * PAGE_QUADS + place] = raw; }
#endif
#endif

#endif
