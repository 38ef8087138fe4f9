// An element of an embedding table as stored, widened exactly. Defined by Sources/TernaryCore/MatMulFreeWeights.swift (EmbeddingTable).
#ifndef EMBEDDING_GLSL
#define EMBEDDING_GLSL

const uint EMBEDDING_F32 = 0;
const uint EMBEDDING_F16 = 1;  // otherwise bf16

// Exact for subnormal halves too, which unpackHalf2x16 may flush.
float half_value(uint bits) {
    const uint magnitude = bits & 0x7FFFu;
    const float value = magnitude < 0x400u ? float(magnitude) * 5.9604644775390625e-8 : uintBitsToFloat((magnitude << 13) + 0x38000000u);
    return (bits & 0x8000u) != 0u ? -value : value;
}

// The word of the table in which an element lies, and its value there.
uint embedding_word(uint kind, uint element) { return kind == EMBEDDING_F32 ? element : element / 2; }
float embedding_value(uint kind, uint word, uint element) {
    if (kind == EMBEDDING_F32) return uintBitsToFloat(word);
    const uint bits = (word >> (16 * (element & 1u))) & 0xFFFFu;
    return kind == EMBEDDING_F16 ? half_value(bits) : uintBitsToFloat(bits << 16);
}

#endif
