// Compares the kernels of every instruction set that this machine has with the portable ones, bit for bit, over random shapes and values.
// Needs C alone, so that it runs where Swift does not: for another architecture, under an emulator, under valgrind.
//
//   kernels [ROUNDS [guarded]]     guarded: reading or writing beyond what a kernel is given ends the program
//
// Prints the names of the sets, then a line for each operation: its name and a hash of its results, which are the same on every machine.
// The exit code is 1 where a set differs, with a line that says where.
#include <stdio.h>

#include "check.h"

// What a check has handed in.
typedef struct {
    uint8_t *bytes;
    size_t count, capacity;
} results;
static results *collected;

void result(const void *bytes, size_t count) {
    if (collected->count + count > collected->capacity) {
        collected->capacity = 2 * (collected->count + count);
        collected->bytes = checked(realloc(collected->bytes, collected->capacity));
    }
    memcpy(collected->bytes + collected->count, bytes, count);
    collected->count += count;
}

static void run(const check *one, const ct_kernels *kernels, uint64_t seed, results *into) {
    generator g = {seed};
    into->count = 0;
    collected = into;
    one->run(kernels, &g);
    leave_rooms();
}

static bool are_equal(const check *one, const ct_kernels *kernels, size_t round, results expected, results actual) {
    size_t at = 0;
    while (at < expected.count && at < actual.count && expected.bytes[at] == actual.bytes[at]) at++;
    if (at == expected.count && at == actual.count) return true;
    uint32_t words[2] = {0, 0};
    at = at / 4 * 4;
    if (at + 4 <= expected.count && at + 4 <= actual.count) {
        memcpy(&words[0], expected.bytes + at, 4);
        memcpy(&words[1], actual.bytes + at, 4);
    }
    fprintf(stderr, "%s: %s differs from portable in round %zu: at byte %zu of %zu it has %08x and not %08x\n", one->name,
            kernels->name, round, at, expected.count, words[1], words[0]);
    return false;
}

static const ct_kernels *named(const char *name) {
    const ct_kernels *kernels;
    for (size_t i = 0; (kernels = ct_kernels_at(i)); i++)
        if (strcmp(kernels->name, name) == 0) return kernels;
    return NULL;
}

// All sets in all rounds of a check.
static bool passes(const check *one, size_t rounds) {
    const ct_kernels *portable = named("portable"), *kernels;
    results expected = {0}, actual = {0};
    uint64_t hash = 0xCBF29CE484222325u;
    bool is_equal = true;
    for (size_t round = 0; round < rounds; round++) {
        const uint64_t seed = round;
        run(one, portable, seed, &expected);
        // FNV-1a
        for (size_t i = 0; i < expected.count; i++) hash = (hash ^ expected.bytes[i]) * 0x100000001B3u;
        for (size_t i = 0; is_equal && (kernels = ct_kernels_at(i)); i++) {
            if (kernels == portable || !kernels->supported()) continue;
            run(one, kernels, seed, &actual);
            is_equal = are_equal(one, kernels, round, expected, actual);
        }
    }
    printf("%s %016llx\n", one->name, (unsigned long long)hash);
    free(expected.bytes);
    free(actual.bytes);
    return is_equal;
}

int main(int count, char **arguments) {
    const size_t rounds = count > 1 ? strtoul(arguments[1], NULL, 10) : 100;
    guard_rooms(count > 2 && strcmp(arguments[2], "guarded") == 0);
    const check *const lists[] = {row_checks, product_checks, attention_checks, ceiling_checks};
    const ct_kernels *kernels;
    printf("kernels:");
    for (size_t i = 0; (kernels = ct_kernels_at(i)); i++)
        if (kernels->supported()) printf(" %s", kernels->name);
    printf("\n");
    bool is_equal = true;
    for (size_t list = 0; list < sizeof lists / sizeof *lists; list++)
        for (const check *one = lists[list]; one->name; one++) is_equal = passes(one, rounds) && is_equal;
    return is_equal ? 0 : 1;
}
