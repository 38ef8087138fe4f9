#version 460
// Products on int8 matrix units, and nothing else: what they can do at best where nothing has to be brought to them.
//   a (64, 32) i8, b (64, 32) i8  ->  result (subgroups, 64, 64) i32: steps times a . transposed b
// One subgroup multiplies 64 x 32 by 32 x 64, over and over, into 16 sums of 16 x 16: the shape of ternary_matmul_units.comp
// without its loads. Each matrix has a name: an array of them would live in memory.
// Repeated by Sources/TernaryKernels/Int8Rate.swift
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require

layout(local_size_x = 128) in;

layout(push_constant) uniform Params {
    uint steps;
} params;

layout(std430, set = 0, binding = 0) readonly buffer A { uvec4 a[]; };
layout(std430, set = 0, binding = 1) readonly buffer B { uvec4 b[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Result { int result[]; };

const uint UNIT = 16;         // rows of a, and of b
const uint UNIT_COLUMNS = 32;
const uint STRIDE = UNIT_COLUMNS / 16;  // of a row of a or b, in 16 bytes
const uint TEAM = 4 * UNIT;

#define EACH(F) F(0) F(1) F(2) F(3)
#define EACH_OF(F, i) F(i, 0) F(i, 1) F(i, 2) F(i, 3)
#define EACH_PAIR(F) EACH_OF(F, 0) EACH_OF(F, 1) EACH_OF(F, 2) EACH_OF(F, 3)

void main() {
#define LOAD(i) coopmat<int8_t, gl_ScopeSubgroup, UNIT, UNIT_COLUMNS, gl_MatrixUseA> a_##i; \
    coopMatLoad(a_##i, a, i * UNIT * STRIDE, STRIDE, gl_CooperativeMatrixLayoutRowMajor); \
    coopmat<int8_t, gl_ScopeSubgroup, UNIT_COLUMNS, UNIT, gl_MatrixUseB> b_##i; \
    coopMatLoad(b_##i, b, i * UNIT * STRIDE, STRIDE, gl_CooperativeMatrixLayoutColumnMajor);
    EACH(LOAD)
#define DECLARE_SUM(i, j) coopmat<int, gl_ScopeSubgroup, UNIT, UNIT, gl_MatrixUseAccumulator> sum_##i##j = \
        coopmat<int, gl_ScopeSubgroup, UNIT, UNIT, gl_MatrixUseAccumulator>(0);
    EACH_PAIR(DECLARE_SUM)
    for (uint step = 0; step < params.steps; ++step) {
#define MULTIPLY(i, j) sum_##i##j = coopMatMulAdd(a_##i, b_##j, sum_##i##j);
        EACH_PAIR(MULTIPLY)
    }
    const uint own = (gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID) * TEAM * TEAM;
#define STORE(i, j) coopMatStore(sum_##i##j, result, own + i * UNIT * TEAM + j * UNIT, TEAM, gl_CooperativeMatrixLayoutRowMajor);
    EACH_PAIR(STORE)
}
