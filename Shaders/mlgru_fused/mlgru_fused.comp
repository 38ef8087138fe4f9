#version 460
// The MLGRU token mixer up to its output gate, in one dispatch: attn_norm, the three BitLinears i, f, g of it, their gates, and
// the recurrence h = f * h + i.
//   x (tokens, WIDTH) f32, weights i, f, g (D, WIDTH) T2 one behind the other  ->
//   a step (SEQUENCE 0, one token):  state (D), gate projection (D), gated = gate * SiLU(state) (D)
//   a step of a batch (BATCH):       the same for every row, with the state of the row's own sequence; no sequence has two rows
//   a sequence (SEQUENCE 1):         forget gate, gate projection, input gate, (tokens, D) each; mlgru.comp goes on
// One work group takes GROUPS * 4 channels for one token; a channel's rows of i, f and g are summed by the same team of
// subgroups, so that its gates and state never leave the work group. Weights are read once a work group, x in full.
// Defined by Sources/TernaryReference/MLGRU.swift and OutputGate.swift.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#ifdef INTEGER_DOT
#extension GL_EXT_spirv_intrinsics : require
#endif

layout(constant_id = 10) const uint SEQUENCE = 0;
layout(constant_id = 11) const uint HAS_LOWER_BOUND = 1;

layout(push_constant) uniform Params {
    uint rows;          // D
    uint state_stride;  // D padded: stride of every output row
    uint matrix_tiles;  // tiles of one of the three matrices
    float input_scale;
    float forget_scale;
    float gate_scale;
#ifdef BATCH
    uint sequence_stride;  // from the state of one sequence to that of the next
#endif
} params;

layout(std430, set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Outer { vec4 outer_weight[]; };
layout(std430, set = 0, binding = 2) readonly buffer Combined { vec4 combined_weight[]; };  // i, f, g
layout(std430, set = 0, binding = 3) readonly buffer Weights { uvec4 tiles[]; };            // i, f, g
layout(std430, set = 0, binding = 4) readonly buffer LowerBound { float lower_bound[]; };
layout(std430, set = 0, binding = 5) buffer State { float state[]; };  // SEQUENCE: the forget gate
layout(std430, set = 0, binding = 6) writeonly buffer Gate { float gate[]; };
layout(std430, set = 0, binding = 7) writeonly buffer Gated { float gated[]; };  // SEQUENCE: the input gate
#ifdef BATCH
layout(std430, set = 0, binding = 8) readonly buffer Sequence { uint sequence[]; };  // of each row of x
uint state_at(uint row) { return sequence[gl_WorkGroupID.y] * params.sequence_stride + row; }
#else
uint state_at(uint row) { return row; }
#endif

const uint SEPARATE_STATISTIC = 0;
#define NORMS 3
#define MATRICES 3
#include "fused.glsl"
#include "mlgru.glsl"
vec4 outer(uint v) { return outer_weight[v]; }
vec4 combined(uint n, uint v) { return combined_weight[n * VECTORS + v]; }
uvec4 load_tile(uint matrix, uint index) { return tiles[matrix * params.matrix_tiles + index]; }
void load_row(out vec4 x_row[VECTORS_EACH], out vec4 s_row[VECTORS_EACH]) {
    [[unroll]] for (uint i = 0; i < VECTORS_EACH; ++i) x_row[i] = x[gl_WorkGroupID.y * VECTORS + vector(i)];
}

void main() {
    const uint first_row = gl_WorkGroupID.x * ROWS_EACH;
    // What the epilogue needs is loaded before anything is waited for; a work group has seldom more channels than invocations.
    const uint early_row = first_row + gl_LocalInvocationIndex;
    float early_bound = 0.0;
    float early_state = 0.0;
    if (gl_LocalInvocationIndex < ROWS_EACH && early_row < params.rows) {
        if (HAS_LOWER_BOUND != 0) early_bound = lower_bound[early_row];
        if (SEQUENCE == 0) early_state = state[state_at(early_row)];
    }
    begin_rows(params.rows);
    quantize_row();
    sum_rows(params.rows);
    barrier();

    for (uint i = gl_LocalInvocationIndex; i < ROWS_EACH && first_row + i < params.rows; i += WG_SIZE) {
        const uint row = first_row + i;
        const float zi = row_value(0, i, params.input_scale);
        const float zf = row_value(1, i, params.forget_scale);
        const float zg = row_value(2, i, params.gate_scale);
        const bool is_early = i < WG_SIZE;
        float bound = early_bound;
        if (HAS_LOWER_BOUND != 0 && !is_early) bound = lower_bound[row];
        const Gates gates = mlgru_gates(zi, zf, HAS_LOWER_BOUND != 0, bound);
        const uint at = gl_WorkGroupID.y * params.state_stride + row;
        gate[at] = zg;
        if (SEQUENCE != 0) {
            state[at] = gates.forget;
            gated[at] = gates.input_;
        } else {
            float h = early_state;
            if (!is_early) h = state[state_at(row)];
            h = mlgru_step(h, gates);
            state[state_at(row)] = h;
            gated[at] = output_gate(zg, h);
        }
    }
}
