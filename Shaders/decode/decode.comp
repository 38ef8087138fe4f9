#version 460
// Decoding as one dispatch: embedding, all blocks, the head and the likeliest token, for as many tokens as are asked for.
//   job (first token, how many), state (L, D)  ->  state after them, logits (tokens, V) where wanted, tokens (tokens)
// As many work groups as the device runs at the same time stay until the end; each owns the same rows of every layer's matrices. A
// block is the four phases of the dispatches mlgru_fused, bitlinear_fused, glu_fused, bitlinear_fused, and gives their bits. Between
// phases work groups exchange whole rows through device memory (exchange.glsl). Weights are read once; the first of a
// phase's are on their way while its row is waited for. The residual stream of a work group's rows stays in shared memory.
// Defined by Sources/TernaryReference/MatMulFreeReference.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_atomic_int64 : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#ifdef INTEGER_DOT
#extension GL_EXT_spirv_intrinsics : require
#endif
#pragma use_vulkan_memory_model

// H, D and I before and after padding to 16; V; L.
layout(constant_id = 1) const uint HIDDEN = 2048;
layout(constant_id = 2) const uint STATE = 2048;
layout(constant_id = 3) const uint INNER = 5632;
layout(constant_id = 4) const uint HIDDEN_ROWS = 2048;
layout(constant_id = 5) const uint STATE_ROWS = 2048;
layout(constant_id = 6) const uint INNER_ROWS = 5632;
layout(constant_id = 7) const uint VOCABULARY = 32000;
layout(constant_id = 8) const uint LAYERS = 24;
layout(constant_id = 9) const float HIDDEN_INVERSE = 0.0;  // 1 / H
layout(constant_id = 10) const float STATE_INVERSE = 0.0;
layout(constant_id = 11) const float INNER_INVERSE = 0.0;
layout(constant_id = 12) const float EPSILON = 1e-6;     // of the block norms
layout(constant_id = 13) const uint STATE_STRIDE = 2048;  // floats between the states of two blocks
layout(constant_id = 14) const uint EMBEDDING = 1;
layout(constant_id = 15) const uint CODE_VECTORS = 1;
layout(constant_id = 16) const uint SUMS = 1;
const uint CODE_ROWS = 3;
const float INNER_EPSILON = 1e-6;  // of each matrix's own norm
const uint HALVES_TO_EVEN = 0;
// How each phase's rows are shared out: ternary_rows.glsl.
layout(constant_id = 17) const uint mixer_GROUPS = 4;
layout(constant_id = 18) const uint mixer_SPLIT = 1;
layout(constant_id = 19) const uint mixer_DEPTH = 1;
layout(constant_id = 20) const uint output_GROUPS = 4;
layout(constant_id = 21) const uint output_SPLIT = 1;
layout(constant_id = 22) const uint output_DEPTH = 1;
layout(constant_id = 23) const uint glu_GROUPS = 4;
layout(constant_id = 24) const uint glu_SPLIT = 1;
layout(constant_id = 25) const uint glu_DEPTH = 1;
layout(constant_id = 26) const uint down_GROUPS = 4;  // as output_GROUPS: the same work group adds to the same rows
layout(constant_id = 27) const uint down_SPLIT = 1;
layout(constant_id = 28) const uint down_DEPTH = 1;
layout(constant_id = 29) const uint head_GROUPS = 4;
layout(constant_id = 30) const uint head_SPLIT = 1;
layout(constant_id = 31) const uint head_DEPTH = 1;

layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer Vectors { vec4 v[]; };
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer Tiles { uvec4 t[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) readonly buffer Words { uint w[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Floats { float f[]; };

layout(push_constant) uniform Params {
    uint count;         // tokens to take; 1 unless it chooses
    uint chooses;       // 1: finds the likeliest token, which is the next one
    uint wants_logits;  // 1: writes logits
} params;
struct Job {
    uvec2 state_source;
    uvec2 state_target;
    uvec2 embedding;
    uint token;
    uint epoch;     // tags epoch + 1 ... epoch + count * LAYERS have never been used
    uint patience;  // how often a row is looked for
};
layout(std430, set = 0, binding = 0) readonly buffer Request { Job request; };
Job job;  // read once: it may lie in the host's memory
// A record of 32 words a block, and one of the head: addresses of its tensors, then scales.
layout(std430, set = 0, binding = 1) readonly buffer Blocks { uint blocks[]; };
// A value and its tag a word. Written by atomics; read two words at a time, because a row's values lie side by side: each word still
// is what one atomic wrote, as no device splits an aligned word of 8 bytes.
layout(std430, set = 0, binding = 2) buffer Exchange {
    uint failed_epoch;
    uint padding[3];
    uint64_t slots[];
};
layout(std430, set = 0, binding = 2) volatile readonly buffer ExchangePairs {
    uvec4 unused;
    uvec4 slot_pairs[];
};
layout(std430, set = 0, binding = 3) writeonly buffer Logits { float logits[]; };
layout(std430, set = 0, binding = 4) writeonly buffer Result {
    uint failed;  // the epoch in which a row did not come
    uint tokens[];
} result;

const uint MIXER_OUTER = 0, MIXER_COMBINED = 2, MIXER_WEIGHTS = 4, LOWER_BOUND = 6, OUTPUT_OUTER = 8, OUTPUT_COMBINED = 10,
    OUTPUT_WEIGHTS = 12, MLP_OUTER = 14, MLP_COMBINED = 16, MLP_WEIGHTS = 18, DOWN_COMBINED = 20, DOWN_WEIGHTS = 22,
    INPUT_SCALE = 24, FORGET_SCALE = 25, GATE_SCALE = 26, OUTPUT_SCALE = 27, MLP_SCALE = 28, DOWN_SCALE = 29,
    HAS_LOWER_BOUND = 30;
const uint RECORD = 32;
shared uint records[(LAYERS + 1) * RECORD];

// Work groups that own rows of each width.
const uint HIDDEN_OWNERS = (HIDDEN / 4 + output_GROUPS - 1) / output_GROUPS;
const uint STATE_OWNERS = (STATE / 4 + mixer_GROUPS - 1) / mixer_GROUPS;
const uint INNER_OWNERS = (INNER / 4 + glu_GROUPS - 1) / glu_GROUPS;
const uint HEAD_OWNERS = ((VOCABULARY + 3) / 4 + head_GROUPS - 1) / head_GROUPS;

// Where rows are exchanged: after the down projection, after the output projection, the gate and the gated state, the GLU's product;
// and the likeliest token of each work group.
const uint OUTPUT_SLOT = 0, MIXED_SLOT = HIDDEN, GATE_SLOT = 2 * HIDDEN, GATED_SLOT = GATE_SLOT + STATE,
    PRODUCT_SLOT = GATED_SLOT + STATE, BEST_SLOT = PRODUCT_SLOT + INNER;

// What a phase reads.
Vectors phase_outer;
Vectors phase_combined;
Tiles phase_weights;
uint phase_tag;  // of the row it waits for
bool is_first_block;
uint token;

uint record(uint block, uint field) { return records[block * RECORD + field]; }
uvec2 address(uint block, uint field) { return uvec2(record(block, field), record(block, field + 1)); }
float scale(uint block, uint field) { return uintBitsToFloat(record(block, field)); }

#include "embedding.glsl"
#include "exact.glsl"
#include "exchange.glsl"

float embedded(uint column) {
    if (column >= HIDDEN_ROWS) return 0.0;
    const uint element = token * HIDDEN_ROWS + column;
    return settle(embedding_value(EMBEDDING, Words(job.embedding).w[embedding_word(EMBEDDING, element)], element));
}

#define NAME(x) mixer_##x
#define NORMS 3
#define MATRICES 3
const uint mixer_WIDTH = HIDDEN, mixer_CHAIN = 2, mixer_SEPARATE_STATISTIC = 0;
const float mixer_INVERSE_WIDTH = HIDDEN_INVERSE, mixer_OUTER_EPSILON = EPSILON;
#include "prologue.glsl"
#include "ternary_rows.glsl"
#include "take.glsl"
vec4 mixer_outer(uint v) { return phase_outer.v[v]; }
vec4 mixer_combined(uint n, uint v) { return phase_combined.v[n * mixer_VECTORS + v]; }
uvec4 mixer_load_tile(uint matrix, uint index) { return phase_weights.t[matrix * ((STATE_ROWS + 3) / 4 * mixer_TILES) + index]; }
void mixer_load_row(out vec4 x[mixer_VECTORS_EACH], out vec4 s[mixer_VECTORS_EACH]) {
    if (!is_first_block) {
        mixer_take(OUTPUT_SLOT, phase_tag, x);
        return;
    }
    [[unroll]] for (uint i = 0; i < mixer_VECTORS_EACH; ++i) {
        [[unroll]] for (uint k = 0; k < 4; ++k) x[i][k] = embedded(mixer_vector(i) * 4 + k);
    }
}
#undef NAME
#undef NORMS
#undef MATRICES

#define NAME(x) output_##x
#define NORMS 1
#define MATRICES 1
const uint output_WIDTH = STATE, output_CHAIN = 2, output_SEPARATE_STATISTIC = 1;
const float output_INVERSE_WIDTH = STATE_INVERSE, output_OUTER_EPSILON = EPSILON;
#include "prologue.glsl"
#include "ternary_rows.glsl"
#include "take.glsl"
vec4 output_outer(uint v) { return phase_outer.v[v]; }
vec4 output_combined(uint n, uint v) { return phase_combined.v[v]; }
uvec4 output_load_tile(uint matrix, uint index) { return phase_weights.t[index]; }
void output_load_row(out vec4 x[output_VECTORS_EACH], out vec4 s[output_VECTORS_EACH]) {
    output_take(GATED_SLOT, phase_tag, x);
    output_take(GATE_SLOT, phase_tag, s);
}
#undef NAME
#undef MATRICES

#define NAME(x) glu_##x
#define MATRICES 2
const uint glu_WIDTH = HIDDEN, glu_CHAIN = 2, glu_SEPARATE_STATISTIC = 0;
const float glu_INVERSE_WIDTH = HIDDEN_INVERSE, glu_OUTER_EPSILON = EPSILON;
#include "prologue.glsl"
#include "ternary_rows.glsl"
#include "take.glsl"
vec4 glu_outer(uint v) { return phase_outer.v[v]; }
vec4 glu_combined(uint n, uint v) { return phase_combined.v[v]; }
uvec4 glu_load_tile(uint matrix, uint index) { return phase_weights.t[matrix * ((INNER_ROWS + 3) / 4 * glu_TILES) + index]; }
void glu_load_row(out vec4 x[glu_VECTORS_EACH], out vec4 s[glu_VECTORS_EACH]) { glu_take(MIXED_SLOT, phase_tag, x); }
#undef NAME
#undef MATRICES

#define NAME(x) down_##x
#define MATRICES 1
const uint down_WIDTH = INNER, down_CHAIN = 1, down_SEPARATE_STATISTIC = 0;
const float down_INVERSE_WIDTH = INNER_INVERSE, down_OUTER_EPSILON = 0.0;
#include "prologue.glsl"
#include "ternary_rows.glsl"
#include "take.glsl"
vec4 down_outer(uint v) { return vec4(0.0); }
vec4 down_combined(uint n, uint v) { return phase_combined.v[v]; }
uvec4 down_load_tile(uint matrix, uint index) { return phase_weights.t[index]; }
void down_load_row(out vec4 x[down_VECTORS_EACH], out vec4 s[down_VECTORS_EACH]) { down_take(PRODUCT_SLOT, phase_tag, x); }
#undef NAME

#define NAME(x) head_##x
const uint head_WIDTH = HIDDEN, head_CHAIN = 2, head_SEPARATE_STATISTIC = 0;
const float head_INVERSE_WIDTH = HIDDEN_INVERSE, head_OUTER_EPSILON = EPSILON;
#include "prologue.glsl"
#include "ternary_rows.glsl"
#include "take.glsl"
vec4 head_outer(uint v) { return phase_outer.v[v]; }
vec4 head_combined(uint n, uint v) { return phase_combined.v[v]; }
uvec4 head_load_tile(uint matrix, uint index) { return phase_weights.t[index]; }
void head_load_row(out vec4 x[head_VECTORS_EACH], out vec4 s[head_VECTORS_EACH]) { head_take(OUTPUT_SLOT, phase_tag, x); }

#include "mlgru.glsl"

shared float own_x[output_ROWS_EACH];  // the residual stream of this work group's rows

void begin_phase(uint block, uint outer_field, uint combined_field, uint weights_field, uint tag) {
    // Work groups wait for each other, never a subgroup for one of its own work group: Vulkan does not promise that both go on.
    barrier();
    phase_outer = Vectors(address(block, outer_field));
    phase_combined = Vectors(address(block, combined_field));
    phase_weights = Tiles(address(block, weights_field));
    phase_tag = tag;
}

void mix(uint block, uint tag, uvec2 state_source) {
    begin_phase(block, MIXER_OUTER, MIXER_COMBINED, MIXER_WEIGHTS, tag - 1);
    mixer_begin_rows(STATE_ROWS);
    const uint first_row = gl_WorkGroupID.x * mixer_ROWS_EACH;
    const bool has_bound = record(block, HAS_LOWER_BOUND) != 0;
    Floats bounds = Floats(address(block, LOWER_BOUND));
    Floats before = Floats(state_source);
    Floats after = Floats(job.state_target);
    const uint first_state = block * STATE_STRIDE;
    float early_bound = 0.0;
    float early_state = 0.0;
    const uint early_row = first_row + gl_LocalInvocationIndex;
    if (gl_LocalInvocationIndex < mixer_ROWS_EACH && early_row < STATE_ROWS) {
        if (has_bound) early_bound = bounds.f[early_row];
        early_state = before.f[first_state + early_row];
    }
    mixer_quantize_row();
    mixer_sum_rows(STATE_ROWS);
    barrier();
    for (uint base = 0; base < mixer_ROWS_EACH; base += WG_SIZE) {
        const uint i = base + gl_LocalInvocationIndex;
        if (i >= mixer_ROWS_EACH || first_row + i >= STATE) continue;
        const uint row = first_row + i;
        float gate = 0.0;
        float gated = 0.0;
        if (row < STATE_ROWS) {
            float bound = early_bound;
            float h = early_state;
            if (i >= WG_SIZE) {
                if (has_bound) bound = bounds.f[row];
                h = before.f[first_state + row];
            }
            gate = mixer_row_value(2, i, scale(block, GATE_SCALE));
            const Gates gates = mlgru_gates(
                mixer_row_value(0, i, scale(block, INPUT_SCALE)), mixer_row_value(1, i, scale(block, FORGET_SCALE)), has_bound, bound);
            h = mlgru_step(h, gates);
            gated = output_gate(gate, h);
            after.f[first_state + row] = h;
        }
        publish(GATE_SLOT + row, gate, tag);
        publish(GATED_SLOT + row, gated, tag);
    }
}

void add_output(uint block, uint tag) {
    begin_phase(block, OUTPUT_OUTER, OUTPUT_COMBINED, OUTPUT_WEIGHTS, tag);
    output_begin_rows(HIDDEN_ROWS);
    const uint first_row = gl_WorkGroupID.x * output_ROWS_EACH;
    if (is_first_block) {
        for (uint base = 0; base < output_ROWS_EACH; base += WG_SIZE) {
            const uint i = base + gl_LocalInvocationIndex;
            if (i < output_ROWS_EACH) own_x[i] = embedded(first_row + i);
        }
    }
    output_quantize_row();
    output_sum_rows(HIDDEN_ROWS);
    barrier();
    for (uint base = 0; base < output_ROWS_EACH; base += WG_SIZE) {
        const uint i = base + gl_LocalInvocationIndex;
        if (i >= output_ROWS_EACH || first_row + i >= HIDDEN) continue;
        float x = 0.0;
        if (first_row + i < HIDDEN_ROWS) x = settled_sum(own_x[i], output_row_value(0, i, scale(block, OUTPUT_SCALE)));
        own_x[i] = x;
        publish(MIXED_SLOT + first_row + i, x, tag);
    }
}

void multiply_gates(uint block, uint tag) {
    begin_phase(block, MLP_OUTER, MLP_COMBINED, MLP_WEIGHTS, tag);
    glu_begin_rows(INNER_ROWS);
    glu_quantize_row();
    glu_sum_rows(INNER_ROWS);
    barrier();
    const uint first_row = gl_WorkGroupID.x * glu_ROWS_EACH;
    for (uint base = 0; base < glu_ROWS_EACH; base += WG_SIZE) {
        const uint i = base + gl_LocalInvocationIndex;
        if (i >= glu_ROWS_EACH || first_row + i >= INNER) continue;
        float product = 0.0;
        if (first_row + i < INNER_ROWS) {
            const float gate = glu_row_value(0, i, scale(block, MLP_SCALE));
            product = settled_product(exact_silu(gate), glu_row_value(1, i, scale(block, MLP_SCALE)));
        }
        publish(PRODUCT_SLOT + first_row + i, product, tag);
    }
}

void add_down(uint block, uint tag) {
    begin_phase(block, DOWN_COMBINED, DOWN_COMBINED, DOWN_WEIGHTS, tag);
    down_begin_rows(HIDDEN_ROWS);
    down_quantize_row();
    down_sum_rows(HIDDEN_ROWS);
    barrier();
    const uint first_row = gl_WorkGroupID.x * down_ROWS_EACH;
    for (uint base = 0; base < down_ROWS_EACH; base += WG_SIZE) {
        const uint i = base + gl_LocalInvocationIndex;
        if (i >= down_ROWS_EACH || first_row + i >= HIDDEN) continue;
        float x = 0.0;
        if (first_row + i < HIDDEN_ROWS) x = settled_sum(own_x[i], down_row_value(0, i, scale(block, DOWN_SCALE)));
        own_x[i] = x;
        publish(OUTPUT_SLOT + first_row + i, x, tag);
    }
}

// A logit in an order that integers have, and its token; of equal logits the lowest token comes first.
struct Best {
    uint key;
    uint token;
};
Best better(Best a, Best b) { return b.key > a.key || (b.key == a.key && b.token < a.token) ? b : a; }
shared Best subgroup_best[2][SUBGROUPS];

// Of a subgroup's, into subgroup_best.
void gather_best(Best own, uint which) {
    for (uint stride = SUBGROUP / 2; stride > 0; stride /= 2) {
        own = better(own, Best(subgroupShuffleXor(own.key, stride), subgroupShuffleXor(own.token, stride)));
    }
    if (gl_SubgroupInvocationID == 0) subgroup_best[which][gl_SubgroupID] = own;
}
Best gathered_best(uint which) {
    Best best = subgroup_best[which][0];
    for (uint s = 1; s < SUBGROUPS; ++s) best = better(best, subgroup_best[which][s]);
    return best;
}

void find_logits(uint place, uint tag) {
    begin_phase(LAYERS, MIXER_OUTER, MIXER_COMBINED, MIXER_WEIGHTS, tag);
    head_begin_rows(VOCABULARY);
    head_quantize_row();
    head_sum_rows(VOCABULARY);
    barrier();
    const uint first_row = gl_WorkGroupID.x * head_ROWS_EACH;
    Best best = Best(0, ~0u);
    for (uint base = 0; base < head_ROWS_EACH; base += WG_SIZE) {
        const uint i = base + gl_LocalInvocationIndex;
        if (i >= head_ROWS_EACH || first_row + i >= VOCABULARY) continue;
        const float logit = head_row_value(0, i, scale(LAYERS, INPUT_SCALE));
        if (params.wants_logits != 0) logits[place * VOCABULARY + first_row + i] = logit;
        const uint bits = floatBitsToUint(logit);
        best = better(best, Best(bits ^ ((bits & 0x80000000u) != 0 ? ~0u : 0x80000000u), first_row + i));
    }
    if (params.chooses == 0) return;
    gather_best(best, 0);
    barrier();
    if (gl_LocalInvocationIndex == 0) {
        best = gathered_best(0);
        publish(BEST_SLOT + gl_WorkGroupID.x * 2, best.key, tag);
        publish(BEST_SLOT + gl_WorkGroupID.x * 2 + 1, best.token, tag);
    }
}

// The likeliest token of all work groups'.
uint choose(uint tag) {
    Best best = Best(0, ~0u);
    for (uint base = 0; base < HEAD_OWNERS; base += WG_SIZE) {
        const uint owner = base + gl_LocalInvocationIndex;
        if (owner >= HEAD_OWNERS) continue;
        uvec4 seen;
        for (uint tries = 0;; ++tries) {
            seen = peek(BEST_SLOT + owner * 2);
            if ((seen.y == tag && seen.w == tag) || has_waited_too_long(tries)) break;
        }
        best = better(best, Best(seen.x, seen.z));
    }
    gather_best(best, 1);
    barrier();
    return gathered_best(1).token;
}

// Takes one token; tags of its blocks begin at first_tag.
void take_token(uint place, uint first_tag) {
    const uvec2 state_source = place == 0 ? job.state_source : job.state_target;
    for (uint block = 0; block < LAYERS; ++block) {
        const uint tag = first_tag + block;
        is_first_block = block == 0;
        if (gl_WorkGroupID.x < STATE_OWNERS) mix(block, tag, state_source);
        if (gl_WorkGroupID.x < HIDDEN_OWNERS) add_output(block, tag);
        if (gl_WorkGroupID.x < INNER_OWNERS) multiply_gates(block, tag);
        if (gl_WorkGroupID.x < HIDDEN_OWNERS) add_down(block, tag);
    }
    if (gl_WorkGroupID.x < HEAD_OWNERS) find_logits(place, first_tag + LAYERS - 1);
}

// No branch around a barrier or a subgroup's operation depends on what was computed or awaited: compilers then know that all
// invocations are there, which makes the whole twice as fast. So nothing ends early either. And all invocations go round a loop equally
// often: Mesa's software driver has been seen to lose those of a subgroup that went round not once.
void main() {
    for (uint i = gl_LocalInvocationIndex; i < (LAYERS + 1) * RECORD; i += WG_SIZE) records[i] = blocks[i];
    if (gl_LocalInvocationIndex == 0) row_missing = 0;
    job = request;
    token = job.token;
    barrier();

    const bool reports = gl_WorkGroupID.x == 0 && gl_LocalInvocationIndex == 0;
    for (uint place = 0; place < params.count; ++place) {
        const uint first_tag = job.epoch + 1 + place * LAYERS;
        take_token(place, first_tag);
        if (params.chooses != 0) {
            token = choose(first_tag + LAYERS - 1);
            if (reports) result.tokens[place] = token;
        }
    }
    if (gl_LocalInvocationIndex == 0 && row_missing != 0) result.failed = job.epoch;
}
