// What becomes of a product on its way to y, so that it does not take a dispatch and a trip through device memory of its own.
// Defined by Sources/TernaryReference/Residual.swift, MLGRU.swift and GLU.swift. The includer declares EPILOGUE and ACTIVATION.
#ifndef EPILOGUE_GLSL
#define EPILOGUE_GLSL
#include "glu.glsl"

const uint STORE = 0;    // y = product
const uint ADD = 1;      // y = y + product: the residual stream
const uint SILU = 2;     // y = SiLU(product): the MLGRU's input gate but for 1 - forget gate
const uint SIGMOID = 3;  // y = sigmoid(product): the MLGRU's forget gate but for its lower bound
const uint GLU = 4;      // y = activation(gate) * up: the channel mixer; the matrix holds all gate rows and then all up rows

// How many rows of the matrix make one of y.
const uint HALVES = EPILOGUE == GLU ? 2 : 1;

// `other` is what y holds for ADD, and the up product for GLU.
float finished(float product, float other) {
    if (EPILOGUE == ADD) return settled_sum(other, product);
    if (EPILOGUE == SILU) return exact_silu(product);
    if (EPILOGUE == SIGMOID) return exact_sigmoid(product);
    if (EPILOGUE == GLU) return glu_product(product, other);
    return product;
}

#endif
