#version 460
// Embedding lookup, widened to f32 and settled.
//   tokens (count) u32, table rows [first_row, first_row + table_rows) of (V, columns)  ->  x (count, stride) f32
// One invocation an element. A table larger than a storage range is bound in parts, a dispatch each; a token whose row is in
// another part is left alone.
// Defined by Sources/TernaryCore/MatMulFreeWeights.swift (EmbeddingTable.row)
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 256) in;

layout(constant_id = 1) const uint ELEMENT = 1;  // 0: f32, 1: f16, 2: bf16

layout(push_constant) uniform Params {
    uint columns;
    uint stride;
    uint first_row;
    uint table_rows;
} params;

layout(std430, set = 0, binding = 0) readonly buffer Tokens { uint tokens[]; };
layout(std430, set = 0, binding = 1) readonly buffer Table { uint table[]; };
layout(std430, set = 0, binding = 2) writeonly buffer X { float x[]; };

#include "exact.glsl"
#include "embedding.glsl"

void main() {
    const uint column = gl_GlobalInvocationID.x;
    const uint row = tokens[gl_GlobalInvocationID.y] - params.first_row;  // wraps round, and is too large, below first_row
    if (column >= params.columns || row >= params.table_rows) return;
    const uint element = row * params.columns + column;
    const float value = embedding_value(ELEMENT, table[embedding_word(ELEMENT, element)], element);
    x[gl_GlobalInvocationID.y * params.stride + column] = settle(value);
}
