// Attention over keys and values of all three kinds, and their keeping.
#include "check.h"

// A page with a row for each token.
static ct_page kept_page(const ct_kernels *kernels, generator *g, uint32_t element, size_t heads, size_t tokens, size_t size) {
    const size_t width = heads * size, groups = (width + CT_Q8_GROUP - 1) / CT_Q8_GROUP;
    const size_t value_bytes = element == 0 ? 4 : element == 1 ? 2 : 1;
    ct_page page = {
        .values = zeros(tokens * width * value_bytes), .scales = zeros(tokens * groups * sizeof *page.scales), .heads = heads,
        .tokens = tokens, .size = size, .element = element};
    float *row = room(width * sizeof *row);
    for (size_t token = 0; token < tokens; token++) {
        const bool is_hard = below(g, 4) == 0;
        for (size_t j = 0; j < width; j++) row[j] = is_hard ? exact_settle(any_float(g)) : float_between(g, -4, 1);
        kernels->transformer->keep(page, token, row);
    }
    result(page.values, tokens * width * value_bytes);
    result(page.scales, tokens * groups * sizeof *page.scales);
    return page;
}

static ct_attended any_room(size_t heads, size_t size) {
    return (ct_attended){
        .largest = room(heads * sizeof(float)), .sums = room(heads * sizeof(float)), .values = room(heads * size * sizeof(float))};
}

static void result_attended(ct_attended share, size_t heads, size_t size) {
    result(share.largest, heads * sizeof(float));
    result(share.sums, heads * sizeof(float));
    result(share.values, heads * size * sizeof(float));
}

static void attention(const ct_kernels *kernels, generator *g, uint32_t element) {
    const ct_transformer *transformer = kernels->transformer;
    const size_t size = 2 * between(g, 1, 66), pages_heads = between(g, 1, 3), heads = between(g, 1, 5);
    const size_t tokens = between(g, 1, 150), quads = (size + 3) / 4;
    const ct_page keys = kept_page(kernels, g, element, pages_heads, tokens, size);
    const ct_page values = kept_page(kernels, g, element, pages_heads, tokens, size);
    const size_t head = below(g, pages_heads);

    float *row = room(size * sizeof *row);
    for (size_t token = 0; token < tokens; token++) {
        transformer->recall(keys, head, token, row);
        result(row, size * sizeof *row);
    }

    float *query = zeros(heads * 4 * quads * sizeof *query);
    for (size_t i = 0; i < heads; i++) {
        float *head_query = query + i * 4 * quads;
        for (size_t j = 0; j < size; j++) head_query[j] = below(g, 40) ? float_between(g, -4, 1) : any_float(g);
        transformer->factor(head_query, head_query, size);
    }

    const size_t pitch = (size + 15) / 16 * 16;
    float *key_rows = zeros(CT_ATTENTION_CHUNK * 4 * quads * sizeof *key_rows);
    float *value_rows = zeros(CT_ATTENTION_CHUNK * pitch * sizeof *value_rows);
    const ct_attended sum = any_room(heads, size), chunk = any_room(heads, size);
    for (size_t i = 0; i < heads; i++) {
        sum.largest[i] = -0x1p50f;
        sum.sums[i] = 0;
    }
    memset(sum.values, 0, heads * size * sizeof(float));
    for (size_t first = 0; first < tokens; first += CT_ATTENTION_CHUNK) {
        const size_t count = tokens - first < CT_ATTENTION_CHUNK ? tokens - first : CT_ATTENTION_CHUNK;
        transformer->recall_chunk(keys, values, head, first, count, key_rows, value_rows);
        // The order of keys is the set's own; attend shows whether they are right.
        for (size_t key = 0; key < count; key++) result(value_rows + key * pitch, size * sizeof *value_rows);
        transformer->attend(query, heads, size, key_rows, value_rows, count, 0x1p-3f, chunk);
        result_attended(chunk, heads, size);
        transformer->join(sum, chunk, heads, size);
        result_attended(sum, heads, size);
    }
    float *out = room(heads * size * sizeof *out);
    transformer->finish(sum, heads, size, out);
    result(out, heads * size * sizeof *out);
}

static void attention_float32(const ct_kernels *kernels, generator *g) { attention(kernels, g, 0); }
static void attention_float16(const ct_kernels *kernels, generator *g) { attention(kernels, g, 1); }
static void attention_q8(const ct_kernels *kernels, generator *g) { attention(kernels, g, 2); }

const check attention_checks[] = {
    {"attention_float32", attention_float32},
    {"attention_float16", attention_float16},
    {"attention_q8", attention_q8},
    {NULL, NULL},
};
