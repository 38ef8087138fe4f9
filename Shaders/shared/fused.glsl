// The constants of a fused kernel and its prologue and rows. The includer defines NORMS and MATRICES.
#ifndef FUSED_GLSL
#define FUSED_GLSL

layout(constant_id = 1) const uint WIDTH = 2048;           // columns, padded to a multiple of 16
layout(constant_id = 2) const float INVERSE_WIDTH = 0.0;   // 1 / columns
layout(constant_id = 3) const uint HAS_OUTER = 1;          // 1: a block norm stands before BitLinear's own
layout(constant_id = 4) const float OUTER_EPSILON = 1e-6;
layout(constant_id = 5) const uint GROUPS = 8;
layout(constant_id = 6) const uint SPLIT = 1;
layout(constant_id = 7) const uint DEPTH = 4;

#define NAME(x) x
const uint CODE_ROWS = NORMS;
const uint CODE_VECTORS = NORMS * (WIDTH / 16);
const uint SUMS = MATRICES * SPLIT * GROUPS * 4;
#include "prologue.glsl"
#include "ternary_rows.glsl"

#endif
