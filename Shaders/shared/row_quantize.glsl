// What the kernels share that normalise and quantise rows for products to read: a work group takes one row, reads each weight once,
// and writes 1 byte for each of NORMS weightings of every value.
//   outer (WIDTH), combined (NORMS, WIDTH) f32  ->  codes (NORMS, plane, WIDTH) i8, step (NORMS, plane) f32, code_sum (NORMS, plane) i32
// The includer defines NORMS and FIRST_BINDING, declares SEPARATE_STATISTIC and push constants `params` with `plane`, the rows between
// the codes of one weighting and the next, and says in load_row where the row comes from.
#ifndef ROW_QUANTIZE_GLSL
#define ROW_QUANTIZE_GLSL

#include "row_constants.glsl"

layout(std430, set = 0, binding = FIRST_BINDING) readonly buffer Outer { vec4 outer_weight[]; };
layout(std430, set = 0, binding = FIRST_BINDING + 1) readonly buffer Combined { vec4 combined_weight[]; };
layout(std430, set = 0, binding = FIRST_BINDING + 2) writeonly buffer Codes { uvec4 row_codes[]; };
layout(std430, set = 0, binding = FIRST_BINDING + 3) writeonly buffer Step { float row_steps[]; };
layout(std430, set = 0, binding = FIRST_BINDING + 4) writeonly buffer CodeSum { int row_sums[]; };

#define NAME(x) x
const uint CODE_ROWS = NORMS;
const uint CODE_VECTORS = NORMS * (WIDTH / 16);
#include "prologue.glsl"
vec4 outer(uint v) { return outer_weight[v]; }
vec4 combined(uint n, uint v) { return combined_weight[n * VECTORS + v]; }

// Whether a lane's i-th vector is one of the row's: what is past its end must not be written.
bool is_in_row(uint i) { return gl_LocalInvocationIndex + i * WG_SIZE < VECTORS; }

void quantize_and_store() {
    const uint row = gl_WorkGroupID.x;
    quantize_row();
    const uint lane = gl_LocalInvocationIndex;
    for (uint i = lane; i < NORMS * (WIDTH / 16); i += WG_SIZE) {
        row_codes[(i / (WIDTH / 16) * params.plane + row) * (WIDTH / 16) + i % (WIDTH / 16)] = codes[i];
    }
    if (lane < NORMS) {
        row_steps[lane * params.plane + row] = steps[lane];
        int sum = 0;
        for (uint p = 0; p < SUBGROUPS; ++p) sum += subgroup_code_sums[lane * SUBGROUPS + p];
        row_sums[lane * params.plane + row] = sum;
    }
}

#endif
