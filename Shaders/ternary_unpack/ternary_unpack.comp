#version 460
// Ternary weights from 1.6 bits to the 2 that products read.
//   packed (matrices, matrix_words) T1.6  ->  tiles (matrices, tiles) T2
// One invocation a group of five tiles, of one matrix: it reads 64 bytes and writes 80, each once. Four bytes at a time: three times a
// number carries its highest digit to base 3 into the byte above, so bytes are kept two to a word in halves of 16 bits.
// Defined by Sources/TernaryCore/Base3Packing.swift
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x = 256) in;

layout(push_constant) uniform Params {
    uint tiles;          // of a matrix
    uint packed_vectors; // from one packed matrix to the next, in 16 bytes
} params;

layout(std430, set = 0, binding = 0) readonly buffer Packed { uvec4 packed_rows[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Tiles { uvec4 tiles[]; };

const uint TILES_EACH = 5;

void main() {
    const uint first = gl_GlobalInvocationID.x * TILES_EACH;
    if (first >= params.tiles) return;
    const uint matrix = gl_GlobalInvocationID.y;
    uvec4 tile[TILES_EACH];
    [[unroll]] for (uint r = 0; r < 4; ++r) {
        const uvec4 numbers = packed_rows[matrix * params.packed_vectors + gl_GlobalInvocationID.x * 4 + r];
        uvec4 even = numbers & 0x00FF00FFu;
        uvec4 odd = (numbers >> 8) & 0x00FF00FFu;
        [[unroll]] for (uint j = 0; j < TILES_EACH; ++j) {
            even *= 3u;
            odd *= 3u;
            const uvec4 codes = ((even >> 8) & 0x00030003u) | (odd & 0x03000300u);
            even &= 0x00FF00FFu;
            odd &= 0x00FF00FFu;
            tile[j][r] = codes.x | (codes.y << 2) | (codes.z << 4) | (codes.w << 6);
        }
    }
    [[unroll]] for (uint j = 0; j < TILES_EACH; ++j) {
        if (first + j < params.tiles) tiles[matrix * params.tiles + first + j] = tile[j];
    }
}
