#version 460
// The ternary product, its scales and its biases if any on int8 matrix units, for prompts and batches: the same values as ternary_matmul.comp.
//   codes (tokens, WIDTH) i8, step, code_sum (tokens), weights (HALVES * rows, WIDTH) T2  ->  y (tokens, y_stride) f32 by EPILOGUE
//
// One work group computes BLOCK_TOKENS x BLOCK_ROWS sums; each of its subgroups owns 64 tokens x TEAM_ROWS of them as accumulators. Of
// the two halves of a GLU a subgroup takes the same channels, so that both of a channel's sums meet in it.
// Where SPLIT is not 1 there are SPLIT shares of subgroups, each with a slab of its own: share k takes slabs k, k + SPLIT, k + 2 * SPLIT
// and so on for all of the block, and at the end their sums are added, exactly. A batch has too few blocks to fill a device, and one
// share alone would wait for one slab after the other. Shares pay in shared memory:
// 41 KiB for four of 64 x 32.
// A share walks along the columns in slabs of 64: while the units multiply one, the next is on its way from device memory to registers
// (codes 16 bytes a load; weights 8 bytes a load, which are two rows of 16 columns and unpack to two times 16 bytes of shared
// memory). So codes are read rows / BLOCK_ROWS times and weights tokens / BLOCK_TOKENS times, mostly from the cache.
// Why this size: a subgroup of 64 x 64 loads 8 matrices for every 16 products, which shared memory can feed, and its sums take 128
// registers, so that two work groups of four share a processor and one multiplies while the other stores. A slab of 128 + 128 rows of
// 64 + 16 bytes takes 20 KiB: on an H200 anything above 24 KiB leaves one work group a processor and costs a third of the speed, which
// is why a share has one slab and not two. The 16 bytes of padding keep eight neighbouring rows in different banks, as the units read
// them, and so do a row and the fourth after it, as they are stored.
// Defined by Sources/TernaryReference/TernaryMatmul.swift, Linear.swift, and by what epilogue.glsl names.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require

layout(constant_id = 0) const uint SUBGROUP = 32;
layout(constant_id = 1) const uint WIDTH = 2048;
layout(constant_id = 2) const uint BLOCK_TOKENS = 128;
layout(constant_id = 3) const uint BLOCK_ROWS = 128;
layout(constant_id = 4) const uint WG_SIZE = 256;
layout(constant_id = 5) const uint EPILOGUE = 0;
layout(constant_id = 6) const uint SPLIT = 1;  // WG_SIZE is a multiple of SPLIT subgroups, and no less than BLOCK_TOKENS
layout(constant_id = 7) const uint ACTIVATION = 0;  // glu.glsl
layout(constant_id = 8) const uint TERMS = 0;       // row_terms.glsl, of HALVES * rows

layout(local_size_x_id = 4) in;

layout(push_constant) uniform Params {
    uint tokens;
    uint rows;  // of y's columns; the matrix has HALVES times as many
    uint y_stride;
    float scale;
} params;

layout(std430, set = 0, binding = 0) readonly buffer Codes { uvec4 codes[]; };
layout(std430, set = 0, binding = 1) readonly buffer Step { float steps[]; };
layout(std430, set = 0, binding = 2) readonly buffer CodeSum { int code_sums[]; };
layout(std430, set = 0, binding = 3) readonly buffer Weights { uvec2 half_tiles[]; };
layout(std430, set = 0, binding = 5) buffer Y { float y[]; };
layout(std430, set = 0, binding = 5) buffer YVectors { vec4 y_vectors[]; };

#define TERMS_BINDING 4
#include "epilogue.glsl"
#include "row_terms.glsl"

const uint TILES = WIDTH / 16;
const uint SLAB_TILES = 4;            // 64 columns
const uint STRIDE = SLAB_TILES + 1;   // of a row in shared memory, in 16 bytes
const uint STEP_TILES = SLAB_TILES * SPLIT;  // a slab of each share
const uint STEPS = (TILES + STEP_TILES - 1) / STEP_TILES;
const uint SLAB_VECTORS = (BLOCK_TOKENS + BLOCK_ROWS) * STRIDE;
const uint SHARE_SIZE = WG_SIZE / SPLIT;
const uint CODE_LOADS = (BLOCK_TOKENS * SLAB_TILES + SHARE_SIZE - 1) / SHARE_SIZE;
const uint WEIGHT_LOADS = (BLOCK_ROWS * SLAB_TILES / 2 + SHARE_SIZE - 1) / SHARE_SIZE;

const uint UNIT = 16;         // tokens and rows of one cooperative matrix
const uint UNIT_COLUMNS = 32;
const uint TEAM_TOKENS = 64;
const uint TEAM_ROWS = TEAM_ROW_UNITS * UNIT;
const uint TEAMS_ROWS = BLOCK_ROWS / TEAM_ROWS;
// Of four rows of the matrix.
const uint TEAM_GROUPS = TEAM_ROWS / 4;
const uint HALF_GROUPS = TEAM_GROUPS / HALVES;

// Each of the team's matrices has a name: an array of them would live in memory, which costs three quarters of the speed.
#if TEAM_ROW_UNITS == 4
#define EACH_ROW_UNIT(F) F(0) F(1) F(2) F(3)
#define EACH_UNIT_OF(F, i) F(i, 0) F(i, 1) F(i, 2) F(i, 3)
#else
#define EACH_ROW_UNIT(F) F(0) F(1)
#define EACH_UNIT_OF(F, i) F(i, 0) F(i, 1)
#endif
#define EACH_TOKEN_UNIT(F) F(0) F(1) F(2) F(3)
#define EACH_UNIT(F) EACH_UNIT_OF(F, 0) EACH_UNIT_OF(F, 1) EACH_UNIT_OF(F, 2) EACH_UNIT_OF(F, 3)

// Of each share the codes of BLOCK_TOKENS tokens and then the unpacked weights of BLOCK_ROWS rows; at the end what finishes sums: UNIT
// rows of each subgroup's or, of several shares, all its rows, with two vectors of padding that keep four rows in different banks, and
// then the factors of each token.
const uint OWN_STRIDE = TEAM_GROUPS + 2;
const uint UNIT_SUMS = UNIT * OWN_STRIDE;
const uint OWN_SUMS = SPLIT == 1 ? UNIT_SUMS : TEAM_TOKENS / UNIT * UNIT_SUMS;
const uint SHARE_TEAMS = SHARE_SIZE / SUBGROUP;
const uint SHARE_SUMS = SHARE_TEAMS * OWN_SUMS;
const uint FACTORS = SPLIT * SHARE_SUMS;
const uint SLABS_END = SPLIT * SLAB_VECTORS;
const uint FACTORS_END = FACTORS + BLOCK_TOKENS;
shared uvec4 slab[SLABS_END > FACTORS_END ? SLABS_END : FACTORS_END];

// Where this invocation's loads of the first slab are, and what the last ones brought.
uint codes_from[CODE_LOADS];
uint weights_from[WEIGHT_LOADS];
uvec4 next_codes[CODE_LOADS];
uvec2 next_weights[WEIGHT_LOADS];

// Of UNIT rows of sums each invocation of a subgroup finishes PARTS groups of four: of the unit at hand or, of several shares, of
// every unit that falls to this one. For ADD also what y holds there.
const uint PARTS = UNIT * HALF_GROUPS / SUBGROUP;
const uint SHARE_UNITS = SPLIT == 1 ? 1 : (TEAM_TOKENS / UNIT + SPLIT - 1) / SPLIT;
vec4 before[SHARE_UNITS * PARTS];

// The share for which this invocation loads, and its number there. Not always that of its subgroup: which subgroup an invocation is in
// is the driver's choice.
uint load_share() { return SPLIT == 1 ? 0 : gl_LocalInvocationIndex / SHARE_SIZE; }
uint loader() { return SPLIT == 1 ? gl_LocalInvocationIndex : gl_LocalInvocationIndex % SHARE_SIZE; }

// Four neighbours load and store the 64 bytes that a slab has of a row of codes, or 8 of every 16 bytes that it has of four rows of
// weights; the next four those of the row that shares no bank with theirs.
uint tile_of(uint at) { return at % SLAB_TILES; }
uint token_of(uint at) { return at / 32 * 8 + at / 8 % 4 + at / 4 % 2 * 4; }
uint group_of(uint at) { return at / 16 * 2 + at / 4 % 2; }  // of four rows
uint half_of(uint at) { return at / 8 % 2; }

void place_loads(uint first_token, uint first_row) {
    [[unroll]] for (uint i = 0; i < CODE_LOADS; ++i) {
        const uint at = loader() + i * SHARE_SIZE;
        codes_from[i] = min(first_token + token_of(at), params.tokens - 1) * TILES + load_share() * SLAB_TILES + tile_of(at);
    }
    const uint groups = (params.rows + 3) / 4;  // of each half
    [[unroll]] for (uint i = 0; i < WEIGHT_LOADS; ++i) {
        const uint at = loader() + i * SHARE_SIZE;
        const uint of_team = group_of(at) % TEAM_GROUPS;
        const uint of_half = group_of(at) / TEAM_GROUPS * HALF_GROUPS + of_team % HALF_GROUPS;
        const uint group = min(first_row / 4 + of_half, groups - 1) + of_team / HALF_GROUPS * groups;
        weights_from[i] = (group * TILES + load_share() * SLAB_TILES + tile_of(at)) * 2 + half_of(at);
    }
}

// Whether a slab has a column there: only in the last step may it not.
bool has_tile(uint step, uint at) {
    return TILES % STEP_TILES == 0 || step * STEP_TILES + load_share() * SLAB_TILES + tile_of(at) < TILES;
}

void load_slab(uint step) {
    [[unroll]] for (uint i = 0; i < CODE_LOADS; ++i) {
        const uint at = loader() + i * SHARE_SIZE;
        next_codes[i] = has_tile(step, at) ? codes[codes_from[i] + step * STEP_TILES] : uvec4(0);
    }
    [[unroll]] for (uint i = 0; i < WEIGHT_LOADS; ++i) {
        const uint at = loader() + i * SHARE_SIZE;
        next_weights[i] = has_tile(step, at) ? half_tiles[weights_from[i] + step * STEP_TILES * 2] : uvec2(0);
    }
}

uvec4 unpack(uint word) { return (uvec4(word) >> uvec4(0, 2, 4, 6)) & 0x03030303u; }

void store_slab() {
    const uint base = load_share() * SLAB_VECTORS;
    [[unroll]] for (uint i = 0; i < CODE_LOADS; ++i) {
        const uint at = loader() + i * SHARE_SIZE;
        if (at < BLOCK_TOKENS * SLAB_TILES) slab[base + token_of(at) * STRIDE + tile_of(at)] = next_codes[i];
    }
    [[unroll]] for (uint i = 0; i < WEIGHT_LOADS; ++i) {
        const uint at = loader() + i * SHARE_SIZE;
        const uint row = BLOCK_TOKENS + group_of(at) * 4 + half_of(at) * 2;
        if (at < BLOCK_ROWS * SLAB_TILES / 2) {
            slab[base + row * STRIDE + tile_of(at)] = unpack(next_weights[i].x);
            slab[base + (row + 1) * STRIDE + tile_of(at)] = unpack(next_weights[i].y);
        }
    }
}

// Of four rows from this one on, of the first or the second half. Factors: a token's step, times the matrix's scale where that is the only
// one, and the sum of its codes. Past the last row terms are the last row's.
vec4 product(uint at, uvec2 factors, uint which_half, uint row) {
    ivec4 sum = ivec4(slab[at]);
    [[unroll]] for (uint share = 1; share < SPLIT; ++share) sum += ivec4(slab[at + share * SHARE_SUMS]);
    vec4 value = vec4(sum - int(factors.y));
    const float factor = uintBitsToFloat(factors.x);
    if (TERMS == MATRIX_SCALE) return settled_product(value, vec4(factor));
    [[unroll]] for (uint r = 0; r < 4; ++r) {
        const Terms terms = terms_of(which_half * params.rows + min(row + r, params.rows - 1), HALVES * params.rows);
        value[r] = with_bias(settled_product(value[r], settled_product(factor, terms.scale)), terms);
    }
    return value;
}

// One invocation's i-th part of UNIT rows of sums. They pass through the slab: which invocation holds which element of a cooperative
// matrix is the driver's secret.
void finish_part(uint i, uint own, uint block_token, uint first_token, uint first_row, vec4 old) {
    const uint e = gl_SubgroupInvocationID + i * SUBGROUP;
    const uint t = e / HALF_GROUPS;
    const uint token = first_token + t;
    const uint row = first_row + e % HALF_GROUPS * 4;
    if (token >= params.tokens || row >= params.rows) return;
    const uint at = own + t * OWN_STRIDE + e % HALF_GROUPS;
    const uint place = token * params.y_stride + row;
    const uvec2 factors = slab[FACTORS + block_token + t].xy;
    vec4 value = product(at, factors, 0, row);
    vec4 other = old;
    if (EPILOGUE == GLU) other = product(at + HALF_GROUPS, factors, 1, row);
    if (params.y_stride % 4 == 0 && row + 3 < params.rows) {
        [[unroll]] for (uint r = 0; r < 4; ++r) value[r] = finished(value[r], other[r]);
        y_vectors[place / 4] = value;
    } else {
        for (uint r = 0; r < min(4, params.rows - row); ++r) {
            if (EPILOGUE == ADD) other[r] = y[place + r];
            y[place + r] = finished(value[r], other[r]);
        }
    }
}

// All on their way before the first is used.
void load_before(uint unit, uint first_token, uint first_row) {
    if (EPILOGUE != ADD) return;
    [[unroll]] for (uint i = 0; i < PARTS; ++i) {
        const uint e = gl_SubgroupInvocationID + i * SUBGROUP;
        const uint token = min(first_token + e / HALF_GROUPS, params.tokens - 1);
        const uint row = min(first_row + e % HALF_GROUPS * 4, params.rows - 1);
        before[unit * PARTS + i] = y_vectors[(token * params.y_stride + row) / 4];
    }
}

void finish(uint unit, uint own, uint block_token, uint first_token, uint first_row) {
    if (EPILOGUE == ADD) {
        [[unroll]] for (uint i = 0; i < PARTS; ++i)
            finish_part(i, own, block_token, first_token, first_row, before[unit * PARTS + i]);
    } else {
        for (uint i = 0; i < PARTS; ++i) finish_part(i, own, block_token, first_token, first_row, vec4(0.0));
    }
}

void main() {
    const uint first_token = gl_WorkGroupID.y * BLOCK_TOKENS;
    const uint first_row = gl_WorkGroupID.x * (BLOCK_ROWS / HALVES);
    const uint share = SPLIT == 1 ? 0 : gl_SubgroupID / SHARE_TEAMS;
    const uint team = SPLIT == 1 ? gl_SubgroupID : gl_SubgroupID % SHARE_TEAMS;
    const uint team_token = team / TEAMS_ROWS * TEAM_TOKENS;
    const uint team_row = team % TEAMS_ROWS * TEAM_ROWS;
    const uint codes_at = share * SLAB_VECTORS + team_token * STRIDE;
    const uint weights_at = share * SLAB_VECTORS + (BLOCK_TOKENS + team_row) * STRIDE;
    const uint finished_row = first_row + team_row / HALVES;

#define DECLARE_SUM(i, j) coopmat<int, gl_ScopeSubgroup, UNIT, UNIT, gl_MatrixUseAccumulator> sum_##i##j = \
        coopmat<int, gl_ScopeSubgroup, UNIT, UNIT, gl_MatrixUseAccumulator>(0);
    EACH_UNIT(DECLARE_SUM)

    place_loads(first_token, first_row);
    load_slab(0);
    const uint token = min(first_token + gl_LocalInvocationIndex, params.tokens - 1);
    const float factor = TERMS == MATRIX_SCALE ? settled_product(steps[token], params.scale) : steps[token];
    const uvec2 factors = uvec2(floatBitsToUint(factor), uint(code_sums[token]));
    // Which units' sums a share finishes, from the first token of each on.
#define FINISHED_TOKEN(u) (team_token + (share + (u) * SPLIT) * UNIT)
    if (SPLIT != 1) {
        [[unroll]] for (uint u = 0; u < SHARE_UNITS; ++u) load_before(u, first_token + FINISHED_TOKEN(u), finished_row);
    }
    store_slab();
    barrier();
    for (uint s = 0; s < STEPS; ++s) {
        if (s + 1 < STEPS) load_slab(s + 1);
        [[unroll]] for (uint k = 0; k < SLAB_TILES; k += UNIT_COLUMNS / 16) {
#define LOAD_B(j) coopmat<int8_t, gl_ScopeSubgroup, UNIT_COLUMNS, UNIT, gl_MatrixUseB> b_##j; \
            coopMatLoad(b_##j, slab, weights_at + j * UNIT * STRIDE + k, STRIDE, gl_CooperativeMatrixLayoutColumnMajor);
#define LOAD_A(i) coopmat<int8_t, gl_ScopeSubgroup, UNIT, UNIT_COLUMNS, gl_MatrixUseA> a_##i; \
            coopMatLoad(a_##i, slab, codes_at + i * UNIT * STRIDE + k, STRIDE, gl_CooperativeMatrixLayoutRowMajor);
#define MULTIPLY(i, j) sum_##i##j = coopMatMulAdd(a_##i, b_##j, sum_##i##j);
            EACH_ROW_UNIT(LOAD_B)
            EACH_TOKEN_UNIT(LOAD_A)
            EACH_UNIT(MULTIPLY)
        }
        barrier();
        if (s + 1 < STEPS) store_slab();
        barrier();
    }

    // The slabs are free now: the last barrier has seen every subgroup through its products.
    if (gl_LocalInvocationIndex < BLOCK_TOKENS) slab[FACTORS + gl_LocalInvocationIndex] = uvec4(factors, 0, 0);
    const uint own = gl_SubgroupID * OWN_SUMS;
#define SPILL_TO(at, i, j) coopMatStore(sum_##i##j, slab, (at) + j * (UNIT / 4), OWN_STRIDE, gl_CooperativeMatrixLayoutRowMajor);
    if (SPLIT != 1) {
#define SPILL_ALL(i, j) SPILL_TO(own + i * UNIT_SUMS, i, j)
        EACH_UNIT(SPILL_ALL)
        barrier();
        [[unroll]] for (uint u = 0; u < SHARE_UNITS; ++u) {
            const uint unit = share + u * SPLIT;
            if (unit < TEAM_TOKENS / UNIT)
                finish(u, team * OWN_SUMS + unit * UNIT_SUMS, FINISHED_TOKEN(u), first_token + FINISHED_TOKEN(u), finished_row);
        }
    } else {
        barrier();
#define SPILL(i, j) SPILL_TO(own, i, j)
#define FINISH(i) \
        EACH_UNIT_OF(SPILL, i) \
        subgroupMemoryBarrierShared(); \
        subgroupBarrier(); \
        load_before(0, first_token + team_token + i * UNIT, finished_row); \
        finish(0, own, team_token + i * UNIT, first_token + team_token + i * UNIT, finished_row); \
        subgroupBarrier();
        EACH_TOKEN_UNIT(FINISH)
    }
}
