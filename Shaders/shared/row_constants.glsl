// The constants of kernels that normalise and quantise rows, in the order of RowNorm.constants (Sources/TernaryKernels/RowNorm.swift).
#ifndef ROW_CONSTANTS_GLSL
#define ROW_CONSTANTS_GLSL

layout(constant_id = 1) const uint WIDTH = 2048;           // columns, padded to a multiple of 16
layout(constant_id = 2) const float INVERSE_WIDTH = 0.0;   // 1 / columns
layout(constant_id = 3) const uint CHAIN = 2;              // norms that a row passes: none, the inner one, or an outer one before it
layout(constant_id = 4) const float OUTER_EPSILON = 1e-6;
layout(constant_id = 5) const float INNER_EPSILON = 1e-6;
layout(constant_id = 6) const uint HALVES_TO_EVEN = 0;     // 1: codes half between integers go to the even one, else away from zero

#endif
