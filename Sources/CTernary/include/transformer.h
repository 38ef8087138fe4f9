// What a transformer needs of an instruction set beside the products with int8 activations: float products, attention,
// and the element-wise work that MatMul-free models have not.
#pragma once

#include "kernels.h"

#pragma clang assume_nonnull begin

enum {
    // Keys of a chunk of attention: AttentionChunk in the reference.
    CT_ATTENTION_CHUNK = 64,
    // Values that share a scale where keys and values are kept as bytes.
    CT_Q8_GROUP = 32,
    // Rows of a float matrix start anew every so many values of an input that ct_transformer.spread made.
    CT_SPREAD_COLUMNS = 64,
};

// How a dense matrix's weights are stored; the numbers of DenseMatrix.Element.
enum { CT_FLOAT32 = 0, CT_FLOAT16 = 1, CT_BFLOAT16 = 2, CT_SCALED_INT8 = 3 };

// A dense matrix, row-major, little-endian. Scales are (rows, columns / group_columns), for bytes only.
typedef struct {
    const uint8_t *weights;
    const float *_Nullable scales;
    size_t columns, group_columns;
    uint32_t element;
} ct_dense;

// A ternary matrix of the T2 layout that is multiplied by floats; a code of 3 is +2. One scale where there are no groups' scales, which
// are (rows, ceil(columns / group_columns)).
typedef struct {
    const uint32_t *words;
    const float *_Nullable scales;
    size_t rows, columns, group_columns;
    float scale;
} ct_ternary;

// The integer sums of a chunk of rows for one token, and what makes floats of them: one scale a matrix, or one a row.
typedef struct {
    const int32_t *sums;
    const float *_Nullable row_scales;
    int32_t offset;
    float step, scale;
} ct_sums;

// Keys or values of one sequence, block and page: heads apart, (heads, tokens, size); as bytes also scales, (tokens, groups), as the
// bits of binary16. `element` is of KeyValueElement.
typedef struct {
    uint8_t *values;
    uint16_t *scales;
    size_t heads, tokens, size;
    uint32_t element;
} ct_page;

// What a chunk of keys adds, or the sum of chunks so far, for each query head of a group: largest score, sum of weights, weighted values
// (heads, size).
typedef struct {
    float *largest, *sums, *values;
} ct_attended;

typedef struct ct_transformer {
    // As ct_kernels.quantize, halves to even; a row of floats is only settled where there are no weights of a norm.
    ct_row (*quantize)(
        const float *x, const float *_Nullable combined, size_t width, float root_inverse, float *weighted, int8_t *panel,
        size_t token, size_t tokens);

    // out = sums as floats.
    void (*scale)(ct_sums sums, float *out, size_t count);

    // y = y + x, settled: a residual stream and a product, a product and a bias.
    void (*add)(const float *x, float *y, size_t count);

    // out = SiLU(gate) * up, or max(gate, 0)^2 * up.
    void (*glu)(const float *gate, const float *up, bool squared_relu, float *out, size_t count);

    // out = x / sqrt(mean(x^2) + epsilon) * weight; out may be x.
    void (*rms_norm)(const float *x, const float *weight, size_t width, float epsilon, float *out);

    // Turns a head in place.
    void (*rotate)(float *head, const float *cosines, const float *sines, size_t size);

    // out = x in Exact.factor's range.
    void (*factor)(const float *x, float *out, size_t count);

    // A row as float products take it: in Exact.factor's range, and neighbours apart so that vectors are of lanes; padded with zeros to
    // a multiple of CT_SPREAD_COLUMNS.
    void (*spread)(const float *x, size_t width, float *out);

    // out[token * pitch + row] = row . x for `rows` rows from row `first` on, in the canonical order; x is (tokens, padded columns).
    void (*multiply_dense)(
        ct_dense matrix, size_t first, size_t rows, const float *x, size_t tokens, float *out, size_t pitch);

    // The same for ternary weights; first is a multiple of 4, and out has room for whole tiles of rows.
    void (*multiply_ternary)(
        ct_ternary matrix, size_t first, size_t rows, const float *x, size_t tokens, float *out, size_t pitch);

    // Keeps a row, (heads * size), at the place of a token.
    void (*keep)(ct_page page, size_t token, const float *row);

    // A head's row as it is kept.
    void (*recall)(ct_page page, size_t head, size_t token, float *out);

    // A head's chunk of keys and values from a token on, as `attend` takes them. keys_out: room for 64 * size padded to 4; values_out: for
    // 64 * size padded to 16, of which the padding is never written.
    void (*recall_chunk)(
        ct_page keys, ct_page values, size_t head, size_t first, size_t count, float *keys_out, float *values_out);

    // A chunk's share for the query heads of a group, (heads, size padded to 4), which are in Exact.factor's range.
    void (*attend)(
        const float *query, size_t heads, size_t size, const float *keys, const float *values, size_t count, float scale,
        ct_attended out);

    // Adds the next chunk to a sum, which begins as a largest score of -2^50 and zeros.
    void (*join)(ct_attended sum, ct_attended chunk, size_t heads, size_t size);

    // out = values over the sum of weights, (heads, size).
    void (*finish)(ct_attended sum, size_t heads, size_t size, float *out);
} ct_transformer;

#pragma clang assume_nonnull end
