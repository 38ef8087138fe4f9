// Keys and values as they are kept for later tokens: KeyValueElement in Sources/TernaryCore.
#pragma once

#include "transformer.h"
#include "vectors.h"

enum { CT_KEEP_FLOAT32 = 0, CT_KEEP_FLOAT16 = 1, CT_KEEP_Q8 = 2 };

EXACT_FUNCTION size_t scale_groups(ct_page page) { return (page.heads * page.size + CT_Q8_GROUP - 1) / CT_Q8_GROUP; }

// Where a head's row of a token begins, in values.
EXACT_FUNCTION size_t place(ct_page page, size_t head, size_t token) { return (head * page.tokens + token) * page.size; }

// Bytes and the scales of their groups; a group may be of two heads.
static void keep_q8(ct_page page, size_t token, const float *row) {
    const size_t width = page.heads * page.size;
    uint16_t *scales = page.scales + token * scale_groups(page);
    for (size_t first = 0; first < width; first += CT_Q8_GROUP) {
        const size_t end = width - first < CT_Q8_GROUP ? width : first + CT_Q8_GROUP;
        float largest = 0;
        for (size_t j = first; j < end; j++) {
            const float magnitude = exact_magnitude(row[j]);
            largest = magnitude > largest ? magnitude : largest;
        }
        const uint16_t half = exact_half_bits(largest * (1.0f / 127));
        const float scale = exact_half_value(half);
        const float inverse = scale > 0 ? exact_reciprocal(scale) : 0;
        scales[first / CT_Q8_GROUP] = half;
        for (size_t j = first; j < end; j++)
            page.values[place(page, j / page.size, token) + j % page.size] = (uint8_t)exact_round_to_int8(row[j] * inverse);
    }
}

static void keep_row(ct_page page, size_t token, const float *row) {
    if (page.element == CT_KEEP_Q8) return keep_q8(page, token, row);
    for (size_t head = 0; head < page.heads; head++) {
        const float *from = row + head * page.size;
        if (page.element == CT_KEEP_FLOAT16) {
            uint16_t *to = (uint16_t *)page.values + place(page, head, token);
            for (size_t j = 0; j < page.size; j++) to[j] = exact_half_bits(from[j]);
        } else {
            float *to = (float *)page.values + place(page, head, token);
            for (size_t j = 0; j < page.size; j++) to[j] = exact_factor(from[j]);
        }
    }
}

static void recall_row(ct_page page, size_t head, size_t token, float *restrict out) {
    const size_t at = place(page, head, token);
    if (page.element == CT_KEEP_FLOAT32) {
        memcpy(out, (const float *)page.values + at, page.size * sizeof *out);
    } else if (page.element == CT_KEEP_FLOAT16) {
        const uint16_t *from = (const uint16_t *)page.values + at;
        size_t j = 0;
        for (; j + CT_WIDTH <= page.size; j += CT_WIDTH) store_floats(widen(from + j), out + j);
        for (; j < page.size; j++) out[j] = exact_half_value(from[j]);
    } else {
        const int8_t *from = (const int8_t *)page.values + at;
        const uint16_t *scales = page.scales + token * scale_groups(page);
        const size_t first = head * page.size;
        for (size_t j = 0; j < page.size;) {
            // To the end of the head or of the group.
            const size_t group = (first + j) / CT_Q8_GROUP, next = (group + 1) * CT_Q8_GROUP - first;
            const size_t end = next < page.size ? next : page.size;
            const float scale = exact_half_value(scales[group]);
            for (; j < end; j++) out[j] = (float)from[j] * scale;
        }
    }
}

// Rows that are asked for ahead of their use.
enum { CT_ROWS_AHEAD = 16 };

// Asks for a row that is read soon.
EXACT_FUNCTION void fetch_row(ct_page page, size_t head, size_t token) {
    const size_t width = page.element == CT_KEEP_FLOAT32 ? 4 : page.element == CT_KEEP_FLOAT16 ? 2 : 1;
    const uint8_t *at = page.values + place(page, head, token) * width;
    for (size_t byte = 0; byte < page.size * width; byte += 64) __builtin_prefetch(at + byte);
}

// Keys in blocks of CT_WIDTH / 4, in which four neighbouring values of each key stand together; values as rows. Keys that would fill the
// last block are left as they are: finite.
static void recall_chunk(
    ct_page keys, ct_page values, size_t head, size_t first, size_t count, float *restrict keys_out, float *restrict values_out) {
    const size_t quads = (keys.size + 3) / 4, block = CT_WIDTH / 4, pitch = (values.size + 15) / 16 * 16;
    float row[4 * quads];
    row[4 * quads - 1] = row[4 * quads - 2] = 0;
    for (size_t key = 0; key < count; key++) {
        fetch_row(values, head, first + key);
        // Beyond this chunk's end too: the next one follows it, and whoever takes it finds it near.
        fetch_row(keys, head, first + key + CT_ROWS_AHEAD);
        recall_row(keys, head, first + key, row);
        float *to = keys_out + (key / block * quads * block + key % block) * 4;
        for (size_t quad = 0; quad < quads; quad++) memcpy(to + quad * 4 * block, row + 4 * quad, 4 * sizeof *to);
    }
    for (size_t key = 0; key < count; key++) recall_row(values, head, first + key, values_out + key * pitch);
}
