// The arithmetic of a ternary language model for one instruction set, as a table that is chosen at run time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

struct ct_ceilings;
struct ct_transformer;

enum {
    // Tokens in a panel, and rows of a matrix that are multiplied at a time.
    CT_PANEL_TOKENS = 16,
    CT_CHUNK_ROWS = 64,
    // How far ahead a single token's weights are asked for, to be in the second cache; also beyond a chunk's end, where the next chunk is.
    CT_BYTES_AHEAD = 8192,
};

// What a quantised row's codes leave out: one code's worth, and their sum.
typedef struct {
    float step;
    int32_t sum;
} ct_row;

// The integer sums of one chunk of rows for one token, and what turns them into floats: out = (sums - offset) * scale.
typedef struct {
    const int32_t *sums;
    int32_t offset;
    float scale;
} ct_product;

// Quantised rows are multiplied a panel of 1 to 16 tokens at a time. A panel of one token is the row itself. In a
// larger one, group q of four columns of token t is at byte (q * 16 + t) * 4, so that one load of four codes serves
// all rows in a register. Columns are padded with zeros to a multiple of 64.
typedef struct {
    // As VKTERNARY_CPU names it.
    const char *name;
    // For people.
    const char *title;
    bool (*supported)(void);

    // sums[token * CT_CHUNK_ROWS + row] = code . activations, for 4 * row_groups <= CT_CHUNK_ROWS rows of the T2 layout
    // (Sources/TernaryCore/TernaryMatrix.swift) from row 4 * first on. Writes up to the next multiple of 16 rows, and
    // up to the next multiple of 4 tokens.
    void (*multiply)(
        const uint32_t *words, size_t groups, size_t first, size_t row_groups, const int8_t *panel, size_t tokens,
        int32_t *sums);

    // The factor that both norms in front of a ternary matrix share out over a row; bitLinearNorm in the reference.
    float (*root_inverse)(
        const float *x, const float *_Nullable statistic, const float *_Nullable outer, size_t width,
        float outer_epsilon, float epsilon);

    // Quantises x * combined into the place of one token in a panel. `weighted` has room for the padded width.
    ct_row (*quantize)(
        const float *x, const float *combined, size_t width, float root_inverse, float *weighted, int8_t *panel,
        size_t token, size_t tokens);

    // Gates, one step of the recurrence and the output gate for a chunk of channels of one token. gate and gated are
    // (count) of what goes on to o_proj: the gate projection and its product with SiLU of the new state.
    void (*mlgru)(
        ct_product input, ct_product forget, ct_product gate, const float *_Nullable lower_bound, float *state,
        float *gate_out, float *gated_out, size_t count);

    // out = SiLU(gate) * up.
    void (*glu)(ct_product gate, ct_product up, float *out, size_t count);

    // x = x + product.
    void (*residual)(ct_product product, float *x, size_t count);

    // out = product.
    void (*scale)(ct_product product, float *out, size_t count);

    // What only transformers need.
    const struct ct_transformer *transformer;

    // What the instruction set can do at best.
    const struct ct_ceilings *ceilings;
} ct_kernels;

// The table at an index, best first; NULL past the last. A table may be for instructions that this machine lacks.
const ct_kernels *_Nullable ct_kernels_at(size_t index);

#pragma clang assume_nonnull end
