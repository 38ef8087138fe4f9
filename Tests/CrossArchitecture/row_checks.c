// Element-wise work on rows.
#include "check.h"

// Widths that end within a lane, a register and a block, and long ones.
static size_t any_width(generator *g) { return below(g, 4) ? between(g, 1, 300) : between(g, 300, 2600); }

static int32_t *any_sums(generator *g, size_t count) {
    int32_t *sums = room(count * sizeof *sums);
    for (size_t i = 0; i < count; i++) sums[i] = (int32_t)next(g) >> between(g, 2, 20);
    return sums;
}

static ct_product any_product(generator *g, size_t count) {
    return (ct_product){
        .sums = any_sums(g, count), .offset = (int32_t)next(g) >> between(g, 2, 24), .scale = exact_settle(any_float(g))};
}

static void root_inverse(const ct_kernels *kernels, generator *g) {
    const size_t width = any_width(g);
    const float *x = any_floats(g, width), *statistic = any_floats(g, width), *outer = settled_floats(g, width);
    const float out[3] = {
        kernels->root_inverse(x, NULL, NULL, width, 1e-6f, 1e-5f),
        kernels->root_inverse(x, NULL, outer, width, 1e-6f, 1e-5f),
        kernels->root_inverse(x, statistic, outer, width, 1e-5f, 1e-6f),
    };
    result(out, sizeof out);
}

// Rows of both kinds of model, one alone or several that share a panel.
static void quantize(const ct_kernels *kernels, generator *g) {
    const size_t width = any_width(g), padded = (width + 63) / 64 * 64;
    const size_t tokens = below(g, 3) ? between(g, 1, CT_PANEL_TOKENS) : 1;
    const size_t bytes = tokens == 1 ? padded : padded * CT_PANEL_TOKENS;
    for (size_t kind = 0; kind < 3; kind++) {
        int8_t *panel = zeros(bytes);
        float *weighted = room(padded * sizeof *weighted);
        for (size_t token = 0; token < tokens; token++) {
            float *x = any_floats(g, width);
            const float *combined = settled_floats(g, width);
            const float root_inverse = exact_magnitude(float_between(g, -20, 8));
            // Halves, where the two kinds of rounding differ.
            if (below(g, 4) == 0)
                for (size_t j = 0; j < width; j++) x[j] = j == 0 ? 127 : (float)(j % 255) - 127.5f;
            const ct_row row = kind == 0
                ? kernels->quantize(x, combined, width, root_inverse, weighted, panel, token, tokens)
                : kernels->transformer->quantize(
                      x, kind == 1 ? combined : NULL, width, root_inverse, weighted, panel, token, tokens);
            result(&row, sizeof row);
        }
        result(panel, bytes);
    }
}

static void mlgru(const ct_kernels *kernels, generator *g) {
    const size_t count = between(g, 1, CT_CHUNK_ROWS);
    const ct_product input = any_product(g, count), forget = any_product(g, count), gate = any_product(g, count);
    float *state = settled_floats(g, count), *bound = room(count * sizeof *bound);
    for (size_t c = 0; c < count; c++) bound[c] = exact_magnitude(float_between(g, -10, -1));
    float *gate_out = room(count * sizeof *gate_out), *gated = room(count * sizeof *gated);
    for (size_t step = 0; step < 3; step++) {
        kernels->mlgru(input, forget, gate, step == 1 ? NULL : bound, state, gate_out, gated, count);
        result(state, count * sizeof *state);
        result(gate_out, count * sizeof *gate_out);
        result(gated, count * sizeof *gated);
    }
}

// What turns the sums of a MatMul-free model into floats.
static void products(const ct_kernels *kernels, generator *g) {
    const size_t count = between(g, 1, CT_CHUNK_ROWS);
    const ct_product a = any_product(g, count), b = any_product(g, count);
    float *out = room(count * sizeof *out), *x = settled_floats(g, count);
    kernels->glu(a, b, out, count);
    result(out, count * sizeof *out);
    kernels->scale(a, out, count);
    result(out, count * sizeof *out);
    kernels->residual(b, x, count);
    result(x, count * sizeof *x);
}

// The same of a transformer, and its activations.
static void elements(const ct_kernels *kernels, generator *g) {
    const ct_transformer *transformer = kernels->transformer;
    const size_t count = any_width(g);
    float *out = room(count * sizeof *out);
    const ct_sums sums = {
        .sums = any_sums(g, count), .row_scales = below(g, 2) ? settled_floats(g, count) : NULL,
        .offset = (int32_t)next(g) >> 8, .step = exact_settle(any_float(g)), .scale = exact_settle(any_float(g))};
    transformer->scale(sums, out, count);
    result(out, count * sizeof *out);

    const float *x = any_floats(g, count);
    float *y = any_floats(g, count);
    transformer->glu(x, y, false, out, count);
    result(out, count * sizeof *out);
    transformer->glu(x, y, true, out, count);
    result(out, count * sizeof *out);
    transformer->factor(x, out, count);
    result(out, count * sizeof *out);
    transformer->add(x, y, count);
    result(y, count * sizeof *y);
}

static void rms_norm(const ct_kernels *kernels, generator *g) {
    const size_t width = any_width(g);
    float *x = settled_floats(g, width), *out = room(width * sizeof *out);
    const float *weight = settled_floats(g, width);
    kernels->transformer->rms_norm(x, weight, width, 1e-5f, out);
    result(out, width * sizeof *out);
    // In place too.
    kernels->transformer->rms_norm(x, weight, width, 1e-6f, x);
    result(x, width * sizeof *x);
}

static void rotate(const ct_kernels *kernels, generator *g) {
    const size_t half = between(g, 1, 130);
    float *head = settled_floats(g, 2 * half), *cosines = room(half * sizeof *cosines), *sines = room(half * sizeof *sines);
    for (size_t i = 0; i < half; i++) {
        cosines[i] = float_between(g, -24, -1);
        sines[i] = float_between(g, -24, -1);
    }
    kernels->transformer->rotate(head, cosines, sines, 2 * half);
    result(head, 2 * half * sizeof *head);
}

// What has no table: it is compared between machines only.
static void logits(const ct_kernels *kernels, generator *g) {
    const size_t count = any_width(g);
    const float *values = any_floats(g, count);
    const size_t largest = ct_argmax(values, count);
    result(&largest, sizeof largest);
    uint32_t lanes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    ct_hash(lanes, values, count);
    result(lanes, sizeof lanes);
}

const check row_checks[] = {
    {"root_inverse", root_inverse}, {"quantize", quantize}, {"mlgru", mlgru},   {"products", products}, {"elements", elements},
    {"rms_norm", rms_norm},         {"rotate", rotate},     {"logits", logits}, {NULL, NULL},
};
