// Threads that work through the tasks of one phase together.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#pragma clang assume_nonnull begin

typedef struct ct_pool ct_pool;

// Is called once for each index; worker is below the pool's size and belongs to one thread at a time.
typedef void (*ct_task)(void *context, size_t index, size_t worker);

// Starts workers - 1 threads; the caller of ct_pool_run is the other one. NULL where the system gives no memory; fewer
// threads where it gives no more of those.
ct_pool *_Nullable ct_pool_create(size_t workers);

// Threads that work, the caller's among them.
size_t ct_pool_workers(const ct_pool *pool);

// Calls task for 0 ..< count and returns when all calls have. A worker takes its own tasks in order, and then what others have
// left; so a task's result must not depend on who takes it. One caller at a time.
void ct_pool_run(ct_pool *pool, size_t count, ct_task task, void *context);

// The first task that is a worker's own; the next worker's is one past its last.
size_t ct_pool_first(const ct_pool *pool, size_t count, size_t worker);

// Whether the workers belong to several memory nodes.
bool ct_pool_is_spread(const ct_pool *pool);

// Moves whole pages of a piece of memory to the node of the worker that will read it.
void ct_pool_place(const ct_pool *pool, size_t worker, const void *bytes, size_t count);

void ct_pool_destroy(ct_pool *pool);

// Processors this process may use: its affinity, or its control group's quota where that is less. At least 1.
size_t ct_usable_processors(void);

#pragma clang assume_nonnull end
