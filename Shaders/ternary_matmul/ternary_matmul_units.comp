#version 460
// The ternary product and its scales on int8 matrix units, for prompts and batches: the same values as ternary_matmul.comp.
//   codes (tokens, WIDTH) i8, step, code_sum (tokens), weights (HALVES * rows, WIDTH) T2  ->  y (tokens, y_stride) f32 by EPILOGUE
//
// One work group computes BLOCK_TOKENS x BLOCK_ROWS sums; each of its subgroups owns 64 tokens x TEAM_ROWS of them as accumulators. Of
// the two halves of a GLU a subgroup takes the same channels, so that both of a channel's sums meet in it.
// It walks along the columns in slabs of 64: while the units multiply one, the next is on its way from device memory to registers
// (codes 16 bytes a load; weights 8 bytes a load, which are two rows of 16 columns and unpack to two times 16 bytes of shared
// memory). So codes are read rows / BLOCK_ROWS times and weights tokens / BLOCK_TOKENS times, mostly from the cache.
// Why this size: a subgroup of 64 x 64 loads 8 matrices for every 16 products, which is what shared memory can feed, and its sums
// take 128 registers; a slab of 128 + 128 rows of 64 + 16 bytes takes 20 KiB, so that several work groups share a processor and one
// multiplies while another stores. (128 x 256 and 256 x 128 were slower, as was a second slab.) The 16 bytes of padding keep eight
// neighbouring rows in different banks.
// Defined by Sources/TernaryReference/TernaryMatmul.swift
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
layout(std430, set = 0, binding = 4) buffer Y { float y[]; };
layout(std430, set = 0, binding = 4) buffer YVectors { vec4 y_vectors[]; };

#include "epilogue.glsl"

const uint TILES = WIDTH / 16;
const uint SLAB_TILES = 4;            // 64 columns
const uint STRIDE = SLAB_TILES + 1;   // of a row in shared memory, in 16 bytes
const uint SLABS = (TILES + SLAB_TILES - 1) / SLAB_TILES;
const uint SLAB_ROWS = BLOCK_TOKENS + BLOCK_ROWS;
const uint CODE_LOADS = (BLOCK_TOKENS * SLAB_TILES + WG_SIZE - 1) / WG_SIZE;
const uint WEIGHT_LOADS = (BLOCK_ROWS * SLAB_TILES / 2 + WG_SIZE - 1) / WG_SIZE;

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

// The codes of BLOCK_TOKENS tokens and then the unpacked weights of BLOCK_ROWS rows.
shared uvec4 slab[SLAB_ROWS * STRIDE];
shared float token_scales[BLOCK_TOKENS];
shared int token_sums[BLOCK_TOKENS];

uvec4 next_codes[CODE_LOADS];
uvec2 next_weights[WEIGHT_LOADS];

void load_slab(uint index, uint first_token, uint first_row) {
    [[unroll]] for (uint i = 0; i < CODE_LOADS; ++i) {
        const uint at = gl_LocalInvocationIndex + i * WG_SIZE;
        const uint tile = index * SLAB_TILES + at % SLAB_TILES;
        const uint token = min(first_token + at / SLAB_TILES, params.tokens - 1);
        next_codes[i] = tile < TILES ? codes[token * TILES + tile] : uvec4(0);
    }
    const uint groups = (params.rows + 3) / 4;  // of each half
    [[unroll]] for (uint i = 0; i < WEIGHT_LOADS; ++i) {
        const uint at = gl_LocalInvocationIndex + i * WG_SIZE;
        const uint tile = index * SLAB_TILES + at / 2 % SLAB_TILES;
        const uint of_team = at / (2 * SLAB_TILES) % TEAM_GROUPS;
        const uint of_half = at / (2 * SLAB_TILES) / TEAM_GROUPS * HALF_GROUPS + of_team % HALF_GROUPS;
        const uint group = min(first_row / 4 + of_half, groups - 1) + of_team / HALF_GROUPS * groups;
        next_weights[i] = tile < TILES ? half_tiles[(group * TILES + tile) * 2 + at % 2] : uvec2(0);
    }
}

uvec4 unpack(uint word) { return (uvec4(word) >> uvec4(0, 2, 4, 6)) & 0x03030303u; }

void store_slab() {
    [[unroll]] for (uint i = 0; i < CODE_LOADS; ++i) {
        const uint at = gl_LocalInvocationIndex + i * WG_SIZE;
        if (at < BLOCK_TOKENS * SLAB_TILES) slab[at / SLAB_TILES * STRIDE + at % SLAB_TILES] = next_codes[i];
    }
    [[unroll]] for (uint i = 0; i < WEIGHT_LOADS; ++i) {
        const uint at = gl_LocalInvocationIndex + i * WG_SIZE;
        const uint row = BLOCK_TOKENS + at / (2 * SLAB_TILES) * 4 + at % 2 * 2;
        if (at < BLOCK_ROWS * SLAB_TILES / 2) {
            slab[row * STRIDE + at / 2 % SLAB_TILES] = unpack(next_weights[i].x);
            slab[(row + 1) * STRIDE + at / 2 % SLAB_TILES] = unpack(next_weights[i].y);
        }
    }
}

void load_factors(uint first_token) {
    for (uint t = gl_LocalInvocationIndex; t < BLOCK_TOKENS; t += WG_SIZE) {
        const uint token = min(first_token + t, params.tokens - 1);
        token_scales[t] = settled_product(steps[token], params.scale);
        token_sums[t] = code_sums[token];
    }
}

// A row of UNIT tokens' sums passes through this subgroup's own part of shared memory: which invocation holds which element of a
// cooperative matrix is the driver's secret. Two vectors of padding keep four rows in different banks.
const uint OWN_STRIDE = TEAM_GROUPS + 2;

vec4 product(uint at, uint team_token) {
    const ivec4 sum = ivec4(slab[at]) - token_sums[team_token];
    return settled_product(vec4(sum), vec4(token_scales[team_token]));
}

void finish(uint own, uint first_token, uint in_block, uint first_row) {
    const bool aligned = params.y_stride % 4 == 0;
    for (uint e = gl_SubgroupInvocationID; e < UNIT * HALF_GROUPS; e += SUBGROUP) {
        const uint t = e / HALF_GROUPS;
        const uint token = first_token + in_block + t;
        const uint row = first_row + e % HALF_GROUPS * 4;
        if (token >= params.tokens || row >= params.rows) continue;
        const uint at = own + t * OWN_STRIDE + e % HALF_GROUPS;
        const uint place = token * params.y_stride + row;
        vec4 value = product(at, in_block + t);
        vec4 other = vec4(0.0);
        if (EPILOGUE == GLU) other = product(at + HALF_GROUPS, in_block + t);
        if (aligned && row + 3 < params.rows) {
            if (EPILOGUE == ADD) other = y_vectors[place / 4];
            [[unroll]] for (uint r = 0; r < 4; ++r) value[r] = finished(value[r], other[r]);
            y_vectors[place / 4] = value;
        } else {
            for (uint r = 0; r < min(4, params.rows - row); ++r) {
                if (EPILOGUE == ADD) other[r] = y[place + r];
                y[place + r] = finished(value[r], other[r]);
            }
        }
    }
}

void main() {
    const uint first_token = gl_WorkGroupID.y * BLOCK_TOKENS;
    const uint first_row = gl_WorkGroupID.x * (BLOCK_ROWS / HALVES);
    const uint team_token = gl_SubgroupID / TEAMS_ROWS * TEAM_TOKENS;
    const uint team_row = gl_SubgroupID % TEAMS_ROWS * TEAM_ROWS;
    const uint codes_at = team_token * STRIDE;
    const uint weights_at = (BLOCK_TOKENS + team_row) * STRIDE;

#define DECLARE_SUM(i, j) coopmat<int, gl_ScopeSubgroup, UNIT, UNIT, gl_MatrixUseAccumulator> sum_##i##j = \
        coopmat<int, gl_ScopeSubgroup, UNIT, UNIT, gl_MatrixUseAccumulator>(0);
    EACH_UNIT(DECLARE_SUM)

    load_slab(0, first_token, first_row);
    load_factors(first_token);
    store_slab();
    barrier();
    for (uint s = 0; s < SLABS; ++s) {
        if (s + 1 < SLABS) load_slab(s + 1, first_token, first_row);
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
        if (s + 1 < SLABS) store_slab();
        barrier();
    }

    // The slab is free now: the last barrier has seen every subgroup through its products. A loop, so that what it repeats is there
    // once; a matrix of its own name each, so that they stay in registers.
    const uint own = gl_SubgroupID * (UNIT * OWN_STRIDE);
    [[dont_unroll]] for (uint i = 0; i < TEAM_TOKENS / UNIT; ++i) {
#define SPILL(i, j) coopMatStore(sum_##i##j, slab, own + j * (UNIT / 4), OWN_STRIDE, gl_CooperativeMatrixLayoutRowMajor);
        switch (i) {
            case 0: EACH_UNIT_OF(SPILL, 0) break;
            case 1: EACH_UNIT_OF(SPILL, 1) break;
            case 2: EACH_UNIT_OF(SPILL, 2) break;
            case 3: EACH_UNIT_OF(SPILL, 3) break;
        }
        subgroupMemoryBarrierShared();
        subgroupBarrier();
        finish(own, first_token, team_token + i * UNIT, first_row + team_row / HALVES);
        subgroupBarrier();
    }
}
