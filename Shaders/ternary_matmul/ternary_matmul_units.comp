#version 460
// The ternary product and its scales on int8 matrix units, for prompts and batches: the same values as ternary_matmul.comp.
//   codes (tokens, WIDTH) i8, step, code_sum (tokens), weights (rows, WIDTH) T2  ->  y (tokens, y_stride) f32
//
// One work group computes BLOCK_TOKENS x BLOCK_ROWS of y; each of its subgroups owns 64 tokens x TEAM_ROWS of that as accumulators.
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

layout(local_size_x_id = 4) in;

layout(push_constant) uniform Params {
    uint tokens;
    uint rows;  // rows of the matrix
    uint y_stride;
    float scale;
} params;

layout(std430, set = 0, binding = 0) readonly buffer Codes { uvec4 codes[]; };
layout(std430, set = 0, binding = 1) readonly buffer Step { float steps[]; };
layout(std430, set = 0, binding = 2) readonly buffer CodeSum { int code_sums[]; };
layout(std430, set = 0, binding = 3) readonly buffer Weights { uvec2 half_tiles[]; };
layout(std430, set = 0, binding = 4) writeonly buffer Y { float y[]; };

#include "exact.glsl"

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

uvec4 next_codes[CODE_LOADS];
uvec2 next_weights[WEIGHT_LOADS];

void load_slab(uint index, uint first_token, uint first_row) {
    [[unroll]] for (uint i = 0; i < CODE_LOADS; ++i) {
        const uint at = gl_LocalInvocationIndex + i * WG_SIZE;
        const uint tile = index * SLAB_TILES + at % SLAB_TILES;
        const uint token = min(first_token + at / SLAB_TILES, params.tokens - 1);
        next_codes[i] = tile < TILES ? codes[token * TILES + tile] : uvec4(0);
    }
    const uint groups = (params.rows + 3) / 4;
    [[unroll]] for (uint i = 0; i < WEIGHT_LOADS; ++i) {
        const uint at = gl_LocalInvocationIndex + i * WG_SIZE;
        const uint tile = index * SLAB_TILES + at / 2 % SLAB_TILES;
        const uint group = min(first_row / 4 + at / (2 * SLAB_TILES), groups - 1);
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

// The values of one matrix of sums, through this subgroup's own 1 KiB of shared memory at `own`: which invocation holds which
// element is the driver's secret.
void finish(uint own, uint first_token, uint first_row) {
    subgroupMemoryBarrierShared();
    subgroupBarrier();
    for (uint e = gl_SubgroupInvocationID; e < UNIT * UNIT / 4; e += SUBGROUP) {
        const uint token = first_token + e / (UNIT / 4);
        const uint row = first_row + e % (UNIT / 4) * 4;
        if (token >= params.tokens) continue;
        const ivec4 sum = ivec4(slab[own + e]) - code_sums[token];
        const float scale = settled_product(steps[token], params.scale);
        [[unroll]] for (uint r = 0; r < 4; ++r) {
            if (row + r >= params.rows) continue;
            y[token * params.y_stride + row + r] = settled_product(float(sum[r]), scale);
        }
    }
    subgroupBarrier();
}

void main() {
    const uint first_token = gl_WorkGroupID.y * BLOCK_TOKENS;
    const uint first_row = gl_WorkGroupID.x * BLOCK_ROWS;
    const uint team_token = gl_SubgroupID / TEAMS_ROWS * TEAM_TOKENS;
    const uint team_row = gl_SubgroupID % TEAMS_ROWS * TEAM_ROWS;
    const uint codes_at = team_token * STRIDE;
    const uint weights_at = (BLOCK_TOKENS + team_row) * STRIDE;

#define DECLARE_SUM(i, j) coopmat<int, gl_ScopeSubgroup, UNIT, UNIT, gl_MatrixUseAccumulator> sum_##i##j = \
        coopmat<int, gl_ScopeSubgroup, UNIT, UNIT, gl_MatrixUseAccumulator>(0);
    EACH_UNIT(DECLARE_SUM)

    load_slab(0, first_token, first_row);
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

    // The slab is free now: the last barrier has seen every subgroup through its products.
    const uint own = gl_SubgroupID * (UNIT * UNIT / 4);
#define FINISH(i, j) \
    coopMatStore(sum_##i##j, slab, own, UNIT / 4, gl_CooperativeMatrixLayoutRowMajor); \
    finish(own, first_token + team_token + i * UNIT, first_row + team_row + j * UNIT);
    EACH_UNIT(FINISH)
}
