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
ivec4 tile_product(uvec4 tile, uvec4 q, ivec4 acc) {
    [[unroll]] for (uint k = 0; k < 4; ++k) {
        const uvec4 codes = (tile >> (2 * k)) & 0x03030303u;
        acc.x = dot4(codes.x, q[k], acc.x);
        acc.y = dot4(codes.y, q[k], acc.y);
        acc.z = dot4(codes.z, q[k], acc.z);
        acc.w = dot4(codes.w, q[k], acc.w);
    }
    return acc;
}

#endif
