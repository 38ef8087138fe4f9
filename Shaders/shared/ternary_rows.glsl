// How a work group shares out the rows of a ternary product: GROUPS groups of 4 rows, each taken by a team of SPLIT subgroups
// that divide its columns. Integer sums are exact, so neither GROUPS nor SPLIT changes a bit.
// The includer declares MATRICES (sums a row) and includes prologue.glsl before this.
#ifndef TERNARY_ROWS_GLSL
#define TERNARY_ROWS_GLSL

#include "dot4.glsl"

layout(constant_id = 6) const uint GROUPS = 8;  // groups of 4 rows a work group computes
layout(constant_id = 7) const uint SPLIT = 1;   // subgroups that share a group's columns; a power of two

const uint TILES = WIDTH / 16;
const uint TEAMS = SUBGROUPS / SPLIT;
const uint ROWS_EACH = GROUPS * 4;

shared int partial_sums[TOKENS * MATRICES * SPLIT * ROWS_EACH];

void store_sums(uint token, uint matrix, uint group, ivec4 acc) {
    const ivec4 sum = subgroupAdd(acc);
    if (subgroupElect()) {
        const uint part = gl_SubgroupID % SPLIT;
        const uint first = ((token * MATRICES + matrix) * SPLIT + part) * ROWS_EACH + group * 4;
        for (uint r = 0; r < 4; ++r) partial_sums[first + r] = sum[r];
    }
}

// T . q of a row, once all partial sums are stored.
int row_sum(uint token, uint matrix, uint row, uint norm) {
    int sum = -code_sums[token * NORMS + norm];
    for (uint part = 0; part < SPLIT; ++part) sum += partial_sums[((token * MATRICES + matrix) * SPLIT + part) * ROWS_EACH + row];
    return sum;
}

// The row's value: sum * (step * scale).
float row_value(uint token, uint matrix, uint row, uint norm, float scale) {
    return settled_product(float(row_sum(token, matrix, row, norm)), settled_product(steps[token * NORMS + norm], scale));
}

#endif
