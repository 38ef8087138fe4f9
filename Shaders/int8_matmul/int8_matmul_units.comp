#version 460
// A plain product of int8 matrices on matrix units: the ceiling that ternary_matmul_units.comp is divided by.
//   a (rows, columns) i8, b (y_columns, columns) i8  ->  y (rows, y_columns) i32: a . transposed b
//
// One work group computes BLOCK_ROWS x BLOCK_COLUMNS of y; each of its subgroups owns 64 x 64 of that as accumulators. It walks
// along the columns in slabs of 16 * SLAB_TILES: while the units multiply one, the next is on its way from device memory to
// registers, 16 bytes a load. So a is read y_columns / BLOCK_COLUMNS times and b rows / BLOCK_ROWS times; work groups are counted
// down strips of 8 blocks of rows, so that those that run at a time find both in the cache.
// Which block and slab is best differs between devices: the benchmark tries several. rows, y_columns and columns are multiples of
// them, so that nothing but products remains.
// Repeated by Sources/TernaryKernels/Int8Matmul.swift
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require

layout(constant_id = 1) const uint WG_SIZE = 128;
layout(constant_id = 2) const uint BLOCK_ROWS = 128;
layout(constant_id = 3) const uint BLOCK_COLUMNS = 128;
layout(constant_id = 4) const uint SLAB_TILES = 4;  // 16 columns each

layout(local_size_x_id = 1) in;

layout(push_constant) uniform Params {
    uint rows;
    uint y_columns;
    uint columns;
} params;

layout(std430, set = 0, binding = 0) readonly buffer A { uvec4 a[]; };
layout(std430, set = 0, binding = 1) readonly buffer B { uvec4 b[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Y { int y[]; };

const uint STRIDE = SLAB_TILES + 1;  // of a row in shared memory, in 16 bytes: eight neighbouring rows in different banks
const uint SLAB_ROWS = BLOCK_ROWS + BLOCK_COLUMNS;
const uint A_LOADS = BLOCK_ROWS * SLAB_TILES / WG_SIZE;
const uint B_LOADS = BLOCK_COLUMNS * SLAB_TILES / WG_SIZE;
const uint UNIT = 16;  // rows of one cooperative matrix
const uint UNIT_COLUMNS = 32;
const uint TEAM = 4 * UNIT;
const uint STRIP = 8;  // blocks of rows

// Each of the team's matrices has a name: an array of them would live in memory, which costs three quarters of the speed.
#define EACH(F) F(0) F(1) F(2) F(3)
#define EACH_OF(F, i) F(i, 0) F(i, 1) F(i, 2) F(i, 3)
#define EACH_PAIR(F) EACH_OF(F, 0) EACH_OF(F, 1) EACH_OF(F, 2) EACH_OF(F, 3)

// BLOCK_ROWS rows of a and then BLOCK_COLUMNS rows of b.
shared uvec4 slab[SLAB_ROWS * STRIDE];

uvec4 next_a[A_LOADS];
uvec4 next_b[B_LOADS];

void load_slab(uint index, uint first_row, uint first_column) {
    const uint tiles = params.columns / 16;
    [[unroll]] for (uint i = 0; i < A_LOADS; ++i) {
        const uint at = gl_LocalInvocationIndex + i * WG_SIZE;
        next_a[i] = a[(first_row + at / SLAB_TILES) * tiles + index * SLAB_TILES + at % SLAB_TILES];
    }
    [[unroll]] for (uint i = 0; i < B_LOADS; ++i) {
        const uint at = gl_LocalInvocationIndex + i * WG_SIZE;
        next_b[i] = b[(first_column + at / SLAB_TILES) * tiles + index * SLAB_TILES + at % SLAB_TILES];
    }
}

void store_slab() {
    [[unroll]] for (uint i = 0; i < A_LOADS; ++i) {
        const uint at = gl_LocalInvocationIndex + i * WG_SIZE;
        slab[at / SLAB_TILES * STRIDE + at % SLAB_TILES] = next_a[i];
    }
    [[unroll]] for (uint i = 0; i < B_LOADS; ++i) {
        const uint at = gl_LocalInvocationIndex + i * WG_SIZE;
        slab[(BLOCK_ROWS + at / SLAB_TILES) * STRIDE + at % SLAB_TILES] = next_b[i];
    }
}

void main() {
    const uint blocks_down = params.rows / BLOCK_ROWS;
    const uint blocks_across = params.y_columns / BLOCK_COLUMNS;
    const uint strip = gl_WorkGroupID.x / (STRIP * blocks_across);
    const uint within = gl_WorkGroupID.x % (STRIP * blocks_across);
    const uint strip_blocks = min(STRIP, blocks_down - strip * STRIP);
    const uint first_row = (strip * STRIP + within % strip_blocks) * BLOCK_ROWS;
    const uint first_column = within / strip_blocks * BLOCK_COLUMNS;
    const uint team_row = gl_SubgroupID / (BLOCK_COLUMNS / TEAM) * TEAM;
    const uint team_column = gl_SubgroupID % (BLOCK_COLUMNS / TEAM) * TEAM;
    const uint a_at = team_row * STRIDE;
    const uint b_at = (BLOCK_ROWS + team_column) * STRIDE;

#define DECLARE_SUM(i, j) coopmat<int, gl_ScopeSubgroup, UNIT, UNIT, gl_MatrixUseAccumulator> sum_##i##j = \
        coopmat<int, gl_ScopeSubgroup, UNIT, UNIT, gl_MatrixUseAccumulator>(0);
    EACH_PAIR(DECLARE_SUM)

    const uint slabs = params.columns / (16 * SLAB_TILES);
    load_slab(0, first_row, first_column);
    store_slab();
    barrier();
    for (uint s = 0; s < slabs; ++s) {
        if (s + 1 < slabs) load_slab(s + 1, first_row, first_column);
        [[unroll]] for (uint k = 0; k < SLAB_TILES; k += UNIT_COLUMNS / 16) {
#define LOAD_B(j) coopmat<int8_t, gl_ScopeSubgroup, UNIT_COLUMNS, UNIT, gl_MatrixUseB> b_##j; \
            coopMatLoad(b_##j, slab, b_at + j * UNIT * STRIDE + k, STRIDE, gl_CooperativeMatrixLayoutColumnMajor);
#define LOAD_A(i) coopmat<int8_t, gl_ScopeSubgroup, UNIT, UNIT_COLUMNS, gl_MatrixUseA> a_##i; \
            coopMatLoad(a_##i, slab, a_at + i * UNIT * STRIDE + k, STRIDE, gl_CooperativeMatrixLayoutRowMajor);
#define MULTIPLY(i, j) sum_##i##j = coopMatMulAdd(a_##i, b_##j, sum_##i##j);
            EACH(LOAD_B)
            EACH(LOAD_A)
            EACH_PAIR(MULTIPLY)
        }
        barrier();
        if (s + 1 < slabs) store_slab();
        barrier();
    }

#define STORE(i, j) coopMatStore(sum_##i##j, y, (first_row + team_row + i * UNIT) * params.y_columns + first_column \
        + team_column + j * UNIT, params.y_columns, gl_CooperativeMatrixLayoutRowMajor);
    EACH_PAIR(STORE)
}
