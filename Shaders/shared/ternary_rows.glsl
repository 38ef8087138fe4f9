// How a work group takes the rows of a ternary product: GROUPS groups of 4 rows, each summed by a team of SPLIT subgroups that divide
// its columns. Integer sums are exact, so neither GROUPS, SPLIT nor DEPTH changes a bit.
//
// A subgroup's tiles of all its groups are one sequence, loaded DEPTH ahead of their use and the first of them before the
// prologue, which does not need them: what a decode step waits for is memory, and these loads are its bulk.
//
// The includer declares NORMS, MATRICES (sums a row; matrix m is multiplied by the codes of norm min(m, NORMS - 1)) and
//   uvec4 load_tile(uint matrix, uint index), and includes prologue.glsl before this.
#ifndef TERNARY_ROWS_GLSL
#define TERNARY_ROWS_GLSL

#include "dot4.glsl"

layout(constant_id = 6) const uint GROUPS = 8;  // groups of 4 rows a work group computes
layout(constant_id = 7) const uint SPLIT = 1;   // subgroups that share a group's columns; a power of two
layout(constant_id = 8) const uint DEPTH = 4;   // tiles of each matrix that a lane loads ahead

const uint TILES = WIDTH / 16;
const uint TEAMS = SUBGROUPS / SPLIT;
const uint ROWS_EACH = GROUPS * 4;
const uint TILES_EACH = (TILES + SPLIT * SUBGROUP - 1) / (SPLIT * SUBGROUP);  // of one group, a lane
const uint SEQUENCE_TILES = (GROUPS + TEAMS - 1) / TEAMS * TILES_EACH;        // of all its groups, a lane

shared int partial_sums[TOKENS * MATRICES * SPLIT * ROWS_EACH];

uvec4 ahead[DEPTH * MATRICES];

// Where tile s of a lane's sequence lies: its group within the work group, and its place among the group's tiles.
uint group_of(uint s) { return gl_SubgroupID / SPLIT + s / TILES_EACH * TEAMS; }
uint place_of(uint s) {
    return (s % TILES_EACH * SPLIT + gl_SubgroupID % SPLIT) * SUBGROUP + gl_SubgroupInvocationID;
}

void load_ahead(uint first, uint first_group, uint groups) {
    [[unroll]] for (uint d = 0; d < DEPTH; ++d) {
        const uint group = group_of(first + d);
        const uint place = place_of(first + d);
        const bool there = first + d < SEQUENCE_TILES && group < GROUPS && first_group + group < groups && place < TILES;
        [[unroll]] for (uint m = 0; m < MATRICES; ++m) {
            ahead[d * MATRICES + m] = there ? load_tile(m, (first_group + group) * TILES + place) : uvec4(0);
        }
    }
}

// Before the prologue: the first loads.
void begin_rows(uint rows) { load_ahead(0, gl_WorkGroupID.x * GROUPS, (rows + 3) / 4); }

// After the prologue: sums of code * q of every row into partial_sums; a barrier makes them readable.
void sum_rows(uint rows) {
    const uint first_group = gl_WorkGroupID.x * GROUPS;
    const uint groups = (rows + 3) / 4;
    ivec4 low[TOKENS * MATRICES];
    ivec4 high[TOKENS * MATRICES];
    [[unroll]] for (uint a = 0; a < TOKENS * MATRICES; ++a) low[a] = high[a] = ivec4(0);

    for (uint first = 0; first < SEQUENCE_TILES; first += DEPTH) {
        uvec4 tile[DEPTH * MATRICES];
        [[unroll]] for (uint i = 0; i < DEPTH * MATRICES; ++i) tile[i] = ahead[i];
        if (first + DEPTH < SEQUENCE_TILES) load_ahead(first + DEPTH, first_group, groups);

        [[unroll]] for (uint d = 0; d < DEPTH; ++d) {
            const uint s = first + d;  // past the end of the sequence too, tiles are zero
            const uint place = min(place_of(s), TILES - 1);
            [[unroll]] for (uint t = 0; t < TOKENS; ++t) {
                [[unroll]] for (uint n = 0; n < NORMS; ++n) {
                    const uvec4 q = codes[(t * NORMS + n) * TILES + place];
                    [[unroll]] for (uint m = n; m < (NORMS == 1 ? MATRICES : n + 1); ++m) {
                        tile_product(tile[d * MATRICES + m], q, low[t * MATRICES + m], high[t * MATRICES + m]);
                    }
                }
            }
            if (s % TILES_EACH == TILES_EACH - 1 && s < SEQUENCE_TILES) {
                const uint group = group_of(s);
                [[unroll]] for (uint a = 0; a < TOKENS * MATRICES; ++a) {
                    const ivec4 sum = subgroupAdd(tile_sum(low[a], high[a]));
                    low[a] = high[a] = ivec4(0);
                    if (group < GROUPS && subgroupElect()) {
                        const uint slot = (a * SPLIT + gl_SubgroupID % SPLIT) * ROWS_EACH + group * 4;
                        for (uint r = 0; r < 4; ++r) partial_sums[slot + r] = sum[r];
                    }
                }
            }
        }
    }
}

// The row's value: T . q * (step * scale). Row is within the work group.
float row_value(uint token, uint matrix, uint row, float scale) {
    const uint norm = min(matrix, NORMS - 1);
    int sum = -code_sums[token * NORMS + norm];
    for (uint part = 0; part < SPLIT; ++part) sum += partial_sums[((token * MATRICES + matrix) * SPLIT + part) * ROWS_EACH + row];
    return settled_product(float(sum), settled_product(steps[token * NORMS + norm], scale));
}

#endif
