// The ternary product in NEON registers, for two ways to multiply several tokens.
//
// The including file defines
//   arrange(panel, groups, quads, room)       a block of the panel as add_tiles wants it, in `room` or where it is
//   add_tiles(words, groups, panel, tiles, quads, sum)
//                                             sets sum[tile][token] to the products of 4 rows, for 4 * quads tokens
#include "row_neon.h"

enum {
    // Groups of 16 columns that are multiplied at a time by several tokens: with their part of a panel, of 64 rows and of the sums
    // they stay in the nearest cache.
    CT_BLOCK_GROUPS = 32,
    // Words of a block of a tile, and bytes of a block of a panel.
    CT_BLOCK_PITCH = CT_BLOCK_GROUPS * 4,
    CT_BLOCK_BYTES = CT_BLOCK_GROUPS * 16 * CT_PANEL_TOKENS,
};

// Adds a block of columns to the sums of all rows, so many tiles at a time: few tokens leave registers for more rows.
EXACT_FUNCTION void add_block(
    const uint32_t *words, size_t pitch, size_t groups, size_t row_groups, const int8_t *panel, int32_t *sums, bool is_first,
    int tiles, int quads) {
    for (size_t done = 0; done < row_groups; done += (size_t)tiles) {
        const uint32_t *at[CT_TILES];
        // Past the last group of rows the last one is multiplied again, into room that nobody reads.
        for (int i = 0; i < tiles; i++) {
            at[i] = words + (done + (size_t)i < row_groups ? done + (size_t)i : row_groups - 1) * pitch;
            for (size_t word = 0; word < CT_BLOCK_PITCH; word += 16) __builtin_prefetch(at[i] + CT_BLOCK_PITCH + word);
        }
        int32x4_t sum[CT_TILES][CT_PANEL_TOKENS];
        add_tiles(at, groups, panel, tiles, quads, sum);
        for (int i = 0; i < tiles; i++)
            for (int t = 0; t < 4 * quads; t++) {
                int32_t *to = sums + (size_t)t * CT_CHUNK_ROWS + (done + (size_t)i) * 4;
                vst1q_s32(to, is_first ? sum[i][t] : sum[i][t] + vld1q_s32(to));
            }
    }
}

static void multiply(
    const uint32_t *words, size_t groups, size_t first, size_t row_groups, const int8_t *panel, size_t tokens,
    int32_t *sums) {
    const size_t pitch = groups * 4;
    words += first * pitch;
    if (tokens == 1) {
        for (size_t done = 0; done < row_groups; done += 4) {
            const uint32_t *at[4];
            for (size_t i = 0; i < 4; i++) at[i] = words + (done + i < row_groups ? done + i : row_groups - 1) * pitch;
            multiply_row(at, groups, 4 * pitch, panel, sums + done * 4);
        }
        return;
    }
    const size_t quads = (tokens + 3) / 4;
    for (size_t block = 0; block < groups; block += CT_BLOCK_GROUPS) {
        const size_t count = groups - block < CT_BLOCK_GROUPS ? groups - block : CT_BLOCK_GROUPS;
        const uint32_t *at = words + block * 4;
        int8_t room[CT_BLOCK_BYTES];
        const int8_t *part = arrange(panel + block * 16 * CT_PANEL_TOKENS, count, quads, room);
        const bool is_first = block == 0;
        switch (quads) {
        case 1: add_block(at, pitch, count, row_groups, part, sums, is_first, 2, 1); break;
        case 2: add_block(at, pitch, count, row_groups, part, sums, is_first, 2, 2); break;
        case 3: add_block(at, pitch, count, row_groups, part, sums, is_first, 1, 3); break;
        default: add_block(at, pitch, count, row_groups, part, sums, is_first, 1, 4); break;
        }
    }
}
