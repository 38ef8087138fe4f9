#version 460
// One step of the MLGRU for several sequences at once, from the projections of their tokens to the quantised rows that o_proj
// multiplies: gates, h = f * h + i, output gate, norms and quantisation in one dispatch. The gated output itself is not stored.
//   i_proj, f_proj, g_proj (rows, WIDTH) f32, lower bound (WIDTH) f32, sequence of each row (rows) u32, state (sequences, state_stride) f32
//     ->  state; codes, step, code_sum of the gated output, whose outer norm measures g_proj (shared/row_quantize.glsl)
// One work group takes one row, WIDTH channels of one sequence, and reads and writes everything once; no two rows may be of the same
// sequence. Padding of the projections and of the state is zero, and stays so.
// Defined by Sources/TernaryReference/MLGRU.swift, OutputGate.swift, RMSNorm.swift (bitLinearNorm) and Quantize.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout(constant_id = 7) const uint HAS_LOWER_BOUND = 1;

layout(push_constant) uniform Params {
    uint plane;
    uint state_stride;  // vec4s from the state of one sequence to that of the next
} params;

layout(std430, set = 0, binding = 0) readonly buffer Input { vec4 zi[]; };
layout(std430, set = 0, binding = 1) readonly buffer Forget { vec4 zf[]; };
layout(std430, set = 0, binding = 2) readonly buffer Gate { vec4 zg[]; };
layout(std430, set = 0, binding = 3) readonly buffer LowerBound { vec4 lower_bound[]; };
layout(std430, set = 0, binding = 4) readonly buffer Sequence { uint sequence[]; };
layout(std430, set = 0, binding = 5) buffer State { vec4 state[]; };

const uint SEPARATE_STATISTIC = 1;
#define NORMS 1
#define FIRST_BINDING 6
#include "row_quantize.glsl"
#include "mlgru.glsl"
void load_row(out vec4 x_row[VECTORS_EACH], out vec4 s_row[VECTORS_EACH]) {
    const uint first = gl_WorkGroupID.x * VECTORS;
    const uint first_state = sequence[gl_WorkGroupID.x] * params.state_stride;
    vec4 i_row[VECTORS_EACH];
    vec4 f_row[VECTORS_EACH];
    vec4 h_row[VECTORS_EACH];
    vec4 bounds[VECTORS_EACH];
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
        i_row[i] = zi[first + vector(i)];
        f_row[i] = zf[first + vector(i)];
        s_row[i] = zg[first + vector(i)];
        h_row[i] = state[first_state + vector(i)];
        bounds[i] = vec4(0.0);
        if (HAS_LOWER_BOUND != 0) bounds[i] = lower_bound[vector(i)];
    }
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
        [[unroll]] for (uint k = 0; k < 4; ++k) {
            const Gates gates = mlgru_gates(i_row[i][k], f_row[i][k], HAS_LOWER_BOUND != 0, bounds[i][k]);
            h_row[i][k] = mlgru_step(h_row[i][k], gates);
            x_row[i][k] = output_gate(s_row[i][k], h_row[i][k]);
        }
        if (is_in_row(i)) state[first_state + vector(i)] = h_row[i];
    }
}

void main() { quantize_and_store(); }
