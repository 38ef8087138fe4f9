// Scales and biases of a ternary matrix's rows: y = settle(settle(sum * settle(step * scale)) + bias).
// Defined by Sources/TernaryReference/TernaryMatmul.swift and Linear.swift.
// The includer defines TERMS_BINDING, and declares TERMS and push constants `params` with the scale of a whole matrix.
#ifndef ROW_TERMS_GLSL
#define ROW_TERMS_GLSL
#include "exact.glsl"

const uint MATRIX_SCALE = 0;  // one scale for all rows: params.scale
const uint ROW_SCALES = 1;
const uint ROW_SCALES_AND_BIASES = 2;

// Scales (rows), then biases (rows) where there are any; with MATRIX_SCALE nothing is read of it.
layout(std430, set = 0, binding = TERMS_BINDING) readonly buffer RowTerms { float row_terms[]; };

struct Terms {
    float scale;
    float bias;
};

// Of a row of a matrix that has so many.
Terms terms_of(uint row, uint rows) {
    Terms terms = Terms(params.scale, 0.0);
    if (TERMS != MATRIX_SCALE) terms.scale = row_terms[row];
    if (TERMS == ROW_SCALES_AND_BIASES) terms.bias = row_terms[rows + row];
    return terms;
}

float with_bias(float product, Terms terms) {
    return TERMS == ROW_SCALES_AND_BIASES ? settled_sum(product, terms.bias) : product;
}

#endif
