#version 460
// The MLGRU's output gate, the norms in front of the output projection and quantisation in one dispatch: for prompts, whose recurrence
// is a dispatch of its own.
//   gate, hidden (tokens, WIDTH) f32  ->  gated (tokens, WIDTH) f32; codes, step, code_sum of it, whose outer norm measures gate
//   (shared/row_quantize.glsl)
// One work group takes one row, and reads and writes everything once. The gated output is stored for who looks at it.
// Defined by Sources/TernaryReference/OutputGate.swift, RMSNorm.swift (bitLinearNorm) and Quantize.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout(push_constant) uniform Params {
    uint plane;
} params;

layout(std430, set = 0, binding = 0) readonly buffer Gate { vec4 gate[]; };
layout(std430, set = 0, binding = 1) readonly buffer Hidden { vec4 hidden[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Gated { vec4 gated[]; };

const uint SEPARATE_STATISTIC = 1;
#define NORMS 1
#define FIRST_BINDING 3
#include "row_quantize.glsl"
#include "mlgru.glsl"
void load_row(out vec4 x_row[VECTORS_EACH], out vec4 s_row[VECTORS_EACH]) {
    const uint first = gl_WorkGroupID.x * VECTORS;
    vec4 h_row[VECTORS_EACH];
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
        s_row[i] = gate[first + vector(i)];
        h_row[i] = hidden[first + vector(i)];
    }
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) {
        [[unroll]] for (uint k = 0; k < 4; ++k) x_row[i][k] = output_gate(s_row[i][k], h_row[i][k]);
        if (is_in_row(i)) gated[first + vector(i)] = x_row[i];
    }
}

void main() { quantize_and_store(); }
