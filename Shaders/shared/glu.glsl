// A feed-forward network's product of its halves. Defined by Sources/TernaryReference/GLU.swift. The includer declares ACTIVATION.
#ifndef GLU_GLSL
#define GLU_GLSL
#include "exact.glsl"

const uint ACTIVATION_SQUARED_RELU = 1;  // otherwise SiLU

float glu_product(float gate, float up) {
    if (ACTIVATION == ACTIVATION_SQUARED_RELU) {
        const float positive = max(gate, 0.0);
        return settled_product(settled_product(positive, positive), up);
    }
    return settled_product(exact_silu(gate), up);
}

#endif
