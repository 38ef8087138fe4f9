// acc + a . b over four signed bytes packed in a word each.
#ifndef DOT4_GLSL
#define DOT4_GLSL

#ifdef INTEGER_DOT
// OpSDot by hand: glslc of 2023 has no GL_EXT_integer_dot_product.
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6019, 6018], id = 4450)
int spirv_sdot(uint a, uint b, spirv_literal int packed_4x8);

int dot4(uint a, uint b, int acc) { return acc + spirv_sdot(a, b, 0); }
#else
int dot4(uint a, uint b, int acc) {
    const int sa = int(a);
    const int sb = int(b);
    return acc + bitfieldExtract(sa, 0, 8) * bitfieldExtract(sb, 0, 8) + bitfieldExtract(sa, 8, 8) * bitfieldExtract(sb, 8, 8)
        + bitfieldExtract(sa, 16, 8) * bitfieldExtract(sb, 16, 8) + (sa >> 24) * (sb >> 24);
}
#endif

// The four rows of a tile (layout: Sources/TernaryCore/TernaryMatrix.swift) times 16 activations: sums of code * q, code = value + 1.
// Unpacking is what the instructions go on, so the second and fourth bit pair stay where they are: `high` gathers four times their sums.
void tile_product(uvec4 tile, uvec4 q, inout ivec4 low, inout ivec4 high) {
    [[unroll]] for (uint k = 0; k < 4; k += 2) {
        const uvec4 shifted = tile >> (2 * k);
        [[unroll]] for (uint r = 0; r < 4; ++r) {
            low[r] = dot4(shifted[r] & 0x03030303u, q[k], low[r]);
            high[r] = dot4(shifted[r] & 0x0C0C0C0Cu, q[k + 1], high[r]);
        }
    }
}

// What both gathered.
ivec4 tile_sum(ivec4 low, ivec4 high) { return low + (high >> 2); }

// The same with one sum, for many tokens, whose sums fill the registers.
ivec4 tile_product(uvec4 tile, uvec4 q, ivec4 acc) {
    ivec4 high = ivec4(0);
    tile_product(tile, q, acc, high);
    return tile_sum(acc, high);
}

#endif
