// How a work group takes the rows of a ternary product: GROUPS groups of 4 rows, each summed by a team of SPLIT subgroups that divide
// its columns. Integer sums are exact, so neither GROUPS, SPLIT nor DEPTH changes a bit.
//
// A subgroup's tiles of all its groups are one sequence, loaded DEPTH ahead of their use and the first of them before the
// prologue, which does not need them: what a decode step waits for is memory, and these loads are its bulk.
//
// A template as prologue.glsl, which the includer includes before this. It declares MATRICES (sums a row; matrix m is multiplied by the
// codes of norm min(m, NORMS - 1)), NAME(GROUPS), NAME(SPLIT), NAME(DEPTH) as below, and SUMS, the most of MATRICES * SPLIT * GROUPS * 4
// that any product has.
//   NAME(GROUPS)  groups of 4 rows a work group computes
//   NAME(SPLIT)   subgroups that share a group's columns; a power of two
//   NAME(DEPTH)   tiles of each matrix that a lane loads ahead

#ifndef TERNARY_ROWS_GLSL
#define TERNARY_ROWS_GLSL
#include "dot4.glsl"

shared int partial_sums[SUMS];
#endif

const uint NAME(TILES) = NAME(WIDTH) / 16;
const uint NAME(TEAMS) = SUBGROUPS / NAME(SPLIT);
const uint NAME(ROWS_EACH) = NAME(GROUPS) * 4;
// Of one group, a lane; and of all its groups.
const uint NAME(TILES_EACH) = (NAME(TILES) + NAME(SPLIT) * SUBGROUP - 1) / (NAME(SPLIT) * SUBGROUP);
const uint NAME(SEQUENCE_TILES) = (NAME(GROUPS) + NAME(TEAMS) - 1) / NAME(TEAMS) * NAME(TILES_EACH);

// Left to the includer.
uvec4 NAME(load_tile)(uint matrix, uint index);

uvec4 NAME(ahead)[NAME(DEPTH) * MATRICES];

// Where tile s of a lane's sequence lies: its group within the work group, and its place among the group's tiles.
uint NAME(group_of)(uint s) { return gl_SubgroupID / NAME(SPLIT) + s / NAME(TILES_EACH) * NAME(TEAMS); }
uint NAME(place_of)(uint s) {
    return (s % NAME(TILES_EACH) * NAME(SPLIT) + gl_SubgroupID % NAME(SPLIT)) * SUBGROUP + gl_SubgroupInvocationID;
}

void NAME(load_ahead)(uint first, uint first_group, uint groups) {
    [[unroll]] for (uint d = 0; d < NAME(DEPTH); ++d) {
        const uint group = NAME(group_of)(first + d);
        const uint place = NAME(place_of)(first + d);
        // What is known beforehand is no comparison.
        const bool there = (NAME(SEQUENCE_TILES) % NAME(DEPTH) == 0 || first + d < NAME(SEQUENCE_TILES))
            && (NAME(GROUPS) % NAME(TEAMS) == 0 || group < NAME(GROUPS)) && first_group + group < groups
            && (NAME(TILES) % (NAME(SPLIT) * SUBGROUP) == 0 || place < NAME(TILES));
        [[unroll]] for (uint m = 0; m < MATRICES; ++m) {
            NAME(ahead)[d * MATRICES + m] =
                there ? NAME(load_tile)(m, (first_group + group) * NAME(TILES) + place) : uvec4(0);
        }
    }
}

// Before the prologue: the first loads.
void NAME(begin_rows)(uint rows) { NAME(load_ahead)(0, gl_WorkGroupID.x * NAME(GROUPS), (rows + 3) / 4); }

// After the prologue: sums of code * q of every row into partial_sums; a barrier makes them readable.
void NAME(sum_rows)(uint rows) {
    const uint first_group = gl_WorkGroupID.x * NAME(GROUPS);
    const uint groups = (rows + 3) / 4;
    ivec4 low[MATRICES];
    ivec4 high[MATRICES];
    [[unroll]] for (uint m = 0; m < MATRICES; ++m) low[m] = high[m] = ivec4(0);

    for (uint first = 0; first < NAME(SEQUENCE_TILES); first += NAME(DEPTH)) {
        uvec4 tile[NAME(DEPTH) * MATRICES];
        [[unroll]] for (uint i = 0; i < NAME(DEPTH) * MATRICES; ++i) tile[i] = NAME(ahead)[i];
        if (first + NAME(DEPTH) < NAME(SEQUENCE_TILES)) NAME(load_ahead)(first + NAME(DEPTH), first_group, groups);

        [[unroll]] for (uint d = 0; d < NAME(DEPTH); ++d) {
            const uint s = first + d;  // past the end of the sequence too, tiles are zero
            const uint place = min(NAME(place_of)(s), NAME(TILES) - 1);
            [[unroll]] for (uint n = 0; n < NORMS; ++n) {
                const uvec4 q = codes[n * NAME(TILES) + place];
                [[unroll]] for (uint m = n; m < (NORMS == 1 ? MATRICES : n + 1); ++m) {
                    tile_product(tile[d * MATRICES + m], q, low[m], high[m]);
                }
            }
            if (s % NAME(TILES_EACH) == NAME(TILES_EACH) - 1 && s < NAME(SEQUENCE_TILES)) {
                const uint group = NAME(group_of)(s);
                [[unroll]] for (uint m = 0; m < MATRICES; ++m) {
                    const int sum = subgroup_row_sum(tile_sum(low[m], high[m]));
                    low[m] = high[m] = ivec4(0);
                    if (group < NAME(GROUPS) && gl_SubgroupInvocationID < 4) {
                        const uint part = m * NAME(SPLIT) + gl_SubgroupID % NAME(SPLIT);
                        partial_sums[part * NAME(ROWS_EACH) + group * 4 + gl_SubgroupInvocationID] = sum;
                    }
                }
            }
        }
    }
}

// The row's value: T . q * (step * scale). Row is within the work group.
float NAME(row_value)(uint matrix, uint row, float scale) {
    const uint norm = min(matrix, NORMS - 1);
    int sum = 0;
    for (uint s = 0; s < SUBGROUPS; ++s) sum -= subgroup_code_sums[norm * SUBGROUPS + s];
    for (uint part = 0; part < NAME(SPLIT); ++part) {
        sum += partial_sums[(matrix * NAME(SPLIT) + part) * NAME(ROWS_EACH) + row];
    }
    return settled_product(float(sum), settled_product(steps[norm], scale));
}
