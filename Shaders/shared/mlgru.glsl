// Gates, recurrence and output gate of the MLGRU, per channel. Defined by Sources/TernaryReference/MLGRU.swift and OutputGate.swift.
#ifndef MLGRU_GLSL
#define MLGRU_GLSL
#include "exact.glsl"

struct Gates {
    float forget;
    float input_;  // `input` is reserved
};

// From SiLU(zi) and sigmoid(zf).
Gates mlgru_gates_of(float silu_zi, float sigmoid_zf, bool has_lower_bound, float lower_bound) {
    precise float forget = sigmoid_zf;
    if (has_lower_bound) {
        precise float room = 1.0 - lower_bound;
        precise float above = room * forget;
        forget = lower_bound + above;
    }
    precise float rest = 1.0 - forget;
    return Gates(forget, settled_product(silu_zi, rest));
}

Gates mlgru_gates(float zi, float zf, bool has_lower_bound, float lower_bound) {
    return mlgru_gates_of(exact_silu(zi), exact_sigmoid(zf), has_lower_bound, lower_bound);
}

float mlgru_step(float h, Gates gates) { return settled_sum(settled_product(gates.forget, h), gates.input_); }

float output_gate(float zg, float h) { return settled_product(zg, exact_silu(h)); }

#endif
