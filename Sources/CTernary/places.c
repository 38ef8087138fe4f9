#define _GNU_SOURCE
#include "places.h"

#include <dirent.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "processors.h"

// Of <numaif.h>, which is no part of the C library.
enum { CT_PREFERRED = 1, CT_MOVE = 1 << 1, CT_NODES = 1024 };

typedef struct {
    size_t number;
    cpu_set_t *processors;
} node;

struct ct_places {
    size_t workers, count, set_bytes;
    node nodes[CT_NODES];
    // The index of each worker's node.
    uint16_t of[];
};

// The processors of a list like "0-15,32-47" that are in `allowed`; NULL where there are none.
static cpu_set_t *processors_in(const char *path, const ct_processors *allowed) {
    FILE *file = fopen(path, "re");
    if (!file) return NULL;
    cpu_set_t *set = CPU_ALLOC(allowed->most);
    if (set) CPU_ZERO_S(allowed->bytes, set);
    size_t first, last, found = 0;
    while (set && fscanf(file, "%zu", &first) == 1) {
        last = first;
        int next = fgetc(file);
        if (next == '-') {
            if (fscanf(file, "%zu", &last) != 1) break;
            next = fgetc(file);
        }
        for (size_t i = first; i <= last && i < allowed->most; i++)
            if (CPU_ISSET_S(i, allowed->bytes, allowed->set)) {
                CPU_SET_S(i, allowed->bytes, set);
                found++;
            }
        if (next != ',') break;
    }
    fclose(file);
    if (found || !set) return set;
    CPU_FREE(set);
    return NULL;
}

// As many workers for each node as it has a share of the processors.
static void share_out(ct_places *places) {
    size_t total = 0, before = 0, index = 0;
    for (size_t i = 0; i < places->count; i++) total += (size_t)CPU_COUNT_S(places->set_bytes, places->nodes[i].processors);
    for (size_t worker = 0; worker < places->workers; worker++) {
        const size_t processor = worker * total / places->workers;
        for (;; index++) {
            const size_t here = (size_t)CPU_COUNT_S(places->set_bytes, places->nodes[index].processors);
            if (processor < before + here) break;
            before += here;
        }
        places->of[worker] = (uint16_t)index;
    }
}

static int is_node(const struct dirent *entry) {
    return strncmp(entry->d_name, "node", 4) == 0 && entry->d_name[4] >= '0' && entry->d_name[4] <= '9';
}

// Those that have processors of ours, by their numbers.
static void add_nodes(ct_places *places, const char *folder, const ct_processors *allowed) {
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_node, versionsort);
    if (count < 0) return;
    for (int i = 0; i < count; i++) {
        char path[4096];
        const size_t number = strtoul(entries[i]->d_name + 4, NULL, 10);
        const size_t length = (size_t)snprintf(path, sizeof path, "%s/%s/cpulist", folder, entries[i]->d_name);
        cpu_set_t *processors =
            length < sizeof path && number < CT_NODES && places->count < CT_NODES ? processors_in(path, allowed) : NULL;
        if (processors) places->nodes[places->count++] = (node){number, processors};
        free(entries[i]);
    }
    free(entries);
}

ct_places *ct_places_create(const char *folder, size_t workers) {
    ct_processors allowed;
    if (workers < 2 || !ct_processors_get(&allowed)) return NULL;
    ct_places *places = calloc(1, sizeof *places + workers * sizeof *places->of);
    if (places) {
        places->workers = workers;
        places->set_bytes = allowed.bytes;
        add_nodes(places, folder, &allowed);
    }
    ct_processors_free(&allowed);
    if (places && places->count < 2) {
        ct_places_destroy(places);
        return NULL;
    }
    if (places) share_out(places);
    return places;
}

size_t ct_places_node(const ct_places *places, size_t worker) { return places->nodes[places->of[worker]].number; }

void ct_places_enter(const ct_places *places, size_t worker) {
    if (places) sched_setaffinity(0, places->set_bytes, places->nodes[places->of[worker]].processors);
}

void ct_places_move(const ct_places *places, size_t worker, const void *bytes, size_t count) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = ((uintptr_t)bytes + page - 1) / page * page;
    const uintptr_t end = ((uintptr_t)bytes + count) / page * page;
    const size_t number = ct_places_node(places, worker), bits = 8 * sizeof(unsigned long);
    unsigned long mask[CT_NODES / (8 * sizeof(unsigned long))] = {0};
    mask[number / bits] = 1ul << number % bits;
    if (begin < end) syscall(SYS_mbind, begin, end - begin, CT_PREFERRED, mask, (unsigned long)CT_NODES, CT_MOVE);
}

void ct_places_destroy(ct_places *places) {
    for (size_t i = 0; places && i < places->count; i++) CPU_FREE(places->nodes[i].processors);
    free(places);
}
