// The constants of a fused kernel and its prologue and rows. The includer defines NORMS and MATRICES.
#ifndef FUSED_GLSL
#define FUSED_GLSL

#include "row_constants.glsl"
layout(constant_id = 7) const uint GROUPS = 8;
layout(constant_id = 8) const uint SPLIT = 1;
layout(constant_id = 9) const uint DEPTH = 4;

#define NAME(x) x
const uint CODE_ROWS = NORMS;
const uint CODE_VECTORS = NORMS * (WIDTH / 16);
const uint SUMS = MATRICES * SPLIT * GROUPS * 4;
#include "prologue.glsl"
#include "ternary_rows.glsl"

#endif
