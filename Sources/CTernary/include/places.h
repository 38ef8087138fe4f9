// Memory nodes: which one each worker of a pool belongs to, and moving memory to where it is used.
#pragma once

#include <stddef.h>

#pragma clang assume_nonnull begin

typedef struct ct_places ct_places;

// Shares the workers out over the nodes listed in a folder as /sys/devices/system/node is, by the processors that this thread may use
// there. NULL where that is one node, as on most machines: then there is nothing to do.
ct_places *_Nullable ct_places_create(const char *folder, size_t workers);

// The number of a worker's node.
size_t ct_places_node(const ct_places *places, size_t worker);

// Keeps the calling thread to the processors of its worker's node.
void ct_places_enter(const ct_places *_Nullable places, size_t worker);

// Moves whole pages to a worker's node, as if it had touched them first. Pages that cannot be moved stay.
void ct_places_move(const ct_places *places, size_t worker, const void *bytes, size_t count);

void ct_places_destroy(ct_places *_Nullable places);

#pragma clang assume_nonnull end
