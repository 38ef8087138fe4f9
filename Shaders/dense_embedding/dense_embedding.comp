#version 460
// Embedding lookup in a matrix that lies as dense_matmul takes it, so that a tied head needs no copy of it; widened to f32 and settled.
//   tokens (count) u32, rows [first_row, first_row + table_rows) of (V, WIDTH), scales  ->  x (count, WIDTH) f32
// One invocation takes four columns. A table larger than a storage range is bound in parts, a dispatch each, of which T2's begin at a multiple of 4;
// a token whose row is in another part is left alone.
// Defined by Sources/TernaryCore/Transformer/Projection.swift (LinearMatrix.row).
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 256) in;

layout(constant_id = 1) const uint WIDTH = 2048;       // columns, padded to a multiple of 16
layout(constant_id = 2) const uint SCALE_COLUMNS = 0;  // that share a scale; 0: the whole matrix

layout(push_constant) uniform Params {
    uint columns;
    uint first_row;
    uint table_rows;
    uint scales_per_row;
    float scale;  // of the whole matrix
} params;

layout(std430, set = 0, binding = 0) readonly buffer Tokens { uint tokens[]; };
layout(std430, set = 0, binding = 1) readonly buffer Table { uvec4 units[]; };
layout(std430, set = 0, binding = 2) readonly buffer Scales { float scales[]; };
layout(std430, set = 0, binding = 3) writeonly buffer X { vec4 x[]; };

#include "exact.glsl"
#include "dense.glsl"

void main() {
    const uint quad = gl_GlobalInvocationID.x;
    const uint row = tokens[gl_GlobalInvocationID.y] - params.first_row;  // wraps round, and is too large, below first_row
    if (quad >= WIDTH / 4 || row >= params.table_rows) return;
    const uvec4 unit = units[row / UNIT_ROWS * (WIDTH / 4 / UNIT_QUADS) + quad / UNIT_QUADS];
    float scale = params.scale;
    if (HAS_SCALES && SCALE_COLUMNS != 0) scale = scales[row * params.scales_per_row + quad * 4 / SCALE_COLUMNS];
    vec4 value = unit_quad(unit, quad % UNIT_QUADS, row % UNIT_ROWS, scale);
    for (uint e = 0; e < 4; ++e) value[e] = quad * 4 + e < params.columns ? settle(value[e]) : 0.0;
    x[gl_GlobalInvocationID.y * (WIDTH / 4) + quad] = value;
}
