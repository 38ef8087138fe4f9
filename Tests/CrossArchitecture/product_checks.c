// Products of matrices: ternary ones with int8 and with float activations, dense ones with floats.
#include "check.h"

// All codes, 3 too; or columns of the largest.
static uint32_t *any_words(generator *g, size_t count) {
    uint32_t *words = any_bytes(g, count * sizeof *words);
    if (below(g, 8) == 0) memset(words, 0xFF, count * sizeof *words);
    return words;
}

static void multiply_once(const ct_kernels *kernels, generator *g) {
    const size_t columns = below(g, 8) ? between(g, 1, 1100) : between(g, 1100, 6000);
    const size_t groups = (columns + 15) / 16, padded = (columns + 63) / 64 * 64;
    const size_t first = below(g, 3), row_groups = between(g, 1, CT_CHUNK_ROWS / 4);
    const size_t tokens = below(g, 3) ? between(g, 1, CT_PANEL_TOKENS) : 1;
    const uint32_t *words = any_words(g, (first + row_groups) * groups * 4);
    const size_t places = tokens == 1 ? 1 : CT_PANEL_TOKENS;
    int8_t *panel = zeros(padded * places);
    const size_t kind = below(g, 6);
    for (size_t token = 0; token < tokens; token++)
        for (size_t column = 0; column < columns; column++) {
            int8_t *at = panel + (column / 4 * places + token) * 4 + column % 4;
            *at = kind == 0 ? -128 : kind == 1 ? 127 : (int8_t)next(g);
        }
    const size_t rows = (row_groups + 3) / 4 * 16, written = tokens == 1 ? 1 : (tokens + 3) / 4 * 4;
    int32_t *sums = room(((written - 1) * CT_CHUNK_ROWS + rows) * sizeof *sums);
    kernels->multiply(words, groups, first, row_groups, panel, tokens, sums);
    for (size_t token = 0; token < tokens; token++) result(sums + token * CT_CHUNK_ROWS, 4 * row_groups * sizeof *sums);
}

// Several shapes: most depends on them.
static void multiply(const ct_kernels *kernels, generator *g) {
    for (size_t shape = 0; shape < 4; shape++) multiply_once(kernels, g);
}

// Rows of floats, spread as the kernels want them.
static const float *spread_rows(const ct_kernels *kernels, generator *g, size_t tokens, size_t columns) {
    const size_t pitch = (columns + CT_SPREAD_COLUMNS - 1) / CT_SPREAD_COLUMNS * CT_SPREAD_COLUMNS;
    float *x = room(tokens * pitch * sizeof *x);
    for (size_t token = 0; token < tokens; token++) kernels->transformer->spread(any_floats(g, columns), columns, x + token * pitch);
    return x;
}

// A row's pitch in the result is larger than the rows, and what is between stays.
static void result_rows(const float *out, size_t tokens, size_t rows, size_t pitch) {
    for (size_t token = 0; token < tokens; token++) result(out + token * pitch, rows * sizeof *out);
}

static uint8_t *any_weights(generator *g, uint32_t element, size_t count) {
    if (element == CT_SCALED_INT8) return any_bytes(g, count);
    if (element == CT_FLOAT32) {
        float *weights = room(count * sizeof *weights);
        for (size_t i = 0; i < count; i++) weights[i] = exact_factor(any_float(g));
        return (uint8_t *)weights;
    }
    uint16_t *weights = room(count * sizeof *weights);
    for (size_t i = 0; i < count; i++)
        if (element == CT_BFLOAT16)
            weights[i] = (uint16_t)(exact_bits(exact_factor(any_float(g))) >> 16);
        else
            // Any finite one, subnormal ones too.
            weights[i] = (uint16_t)(next(g) % 0x7C00 | (next(g) & 0x8000));
    return (uint8_t *)weights;
}

static void multiply_dense(const ct_kernels *kernels, generator *g, uint32_t element) {
    const size_t group = element == CT_SCALED_INT8 ? 16u << below(g, 2) : 1;
    const size_t columns = (below(g, 4) ? between(g, 1, 400) : between(g, 400, 3000)) / group * group + (group > 1 ? group : 0);
    if (columns == 0) return;
    const size_t first = below(g, 3), rows = between(g, 1, 6), tokens = between(g, 1, 9), pitch = rows + below(g, 3);
    ct_dense matrix = {
        .weights = any_weights(g, element, (first + rows) * columns), .columns = columns, .group_columns = group, .element = element};
    float *scales = room((first + rows) * (columns / group) * sizeof *scales);
    for (size_t i = 0; i < (first + rows) * (columns / group); i++) scales[i] = float_between(g, -12, 2);
    if (element == CT_SCALED_INT8) matrix.scales = scales;
    const float *x = spread_rows(kernels, g, tokens, columns);
    float *out = room(((tokens - 1) * pitch + rows) * sizeof *out);
    kernels->transformer->multiply_dense(matrix, first, rows, x, tokens, out, pitch);
    result_rows(out, tokens, rows, pitch);
}

static void multiply_float32(const ct_kernels *kernels, generator *g) { multiply_dense(kernels, g, CT_FLOAT32); }
static void multiply_float16(const ct_kernels *kernels, generator *g) { multiply_dense(kernels, g, CT_FLOAT16); }
static void multiply_bfloat16(const ct_kernels *kernels, generator *g) { multiply_dense(kernels, g, CT_BFLOAT16); }
static void multiply_int8(const ct_kernels *kernels, generator *g) { multiply_dense(kernels, g, CT_SCALED_INT8); }

static void multiply_ternary(const ct_kernels *kernels, generator *g) {
    static const size_t widths[] = {1, 7, 16, 32, 48, 64, 96, 128, 192, 256};
    const size_t columns = below(g, 4) ? between(g, 1, 400) : between(g, 400, 3000), groups = (columns + 15) / 16;
    const size_t first = 4 * below(g, 3), rows = between(g, 1, 20), tiles = (rows + 3) / 4, tokens = between(g, 1, 5);
    const size_t pitch = 4 * tiles + below(g, 3);
    ct_ternary matrix = {
        .words = any_words(g, (first / 4 + tiles) * groups * 4), .rows = first + rows, .columns = columns, .group_columns = columns,
        .scale = float_between(g, -12, 2)};
    // One scale for the matrix, for each row, or for groups of columns.
    const size_t kind = below(g, 4);
    if (kind > 1) matrix.group_columns = widths[below(g, sizeof widths / sizeof *widths)];
    const size_t count = (first + rows) * ((columns + matrix.group_columns - 1) / matrix.group_columns);
    float *scales = room(count * sizeof *scales);
    for (size_t i = 0; i < count; i++) scales[i] = below(g, 8) ? float_between(g, -12, 2) : exact_factor(any_float(g));
    if (kind > 0) matrix.scales = scales;
    const float *x = spread_rows(kernels, g, tokens, columns);
    float *out = room(tokens * pitch * sizeof *out);
    kernels->transformer->multiply_ternary(matrix, first, rows, x, tokens, out, pitch);
    result_rows(out, tokens, rows, pitch);
}

const check product_checks[] = {
    {"multiply", multiply},
    {"multiply_float32", multiply_float32},
    {"multiply_float16", multiply_float16},
    {"multiply_bfloat16", multiply_bfloat16},
    {"multiply_int8", multiply_int8},
    {"multiply_ternary", multiply_ternary},
    {NULL, NULL},
};
