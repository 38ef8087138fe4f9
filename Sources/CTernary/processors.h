// The processors that a thread may run on.
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    cpu_set_t *set;
    // Room in the set: numbers and bytes.
    size_t most, bytes;
} ct_processors;

// The calling thread's affinity; false where the system does not tell.
bool ct_processors_get(ct_processors *processors);

void ct_processors_free(ct_processors *processors);
