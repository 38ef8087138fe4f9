// Workers wait for a phase by spinning for some microseconds, which is how long the next one is away within a token, and
// then sleep; so does the caller while it waits for the last worker. With more threads than processors everybody
// sleeps soon and the threads that have work get the processors.
#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { CT_SPINS = 1000 };

struct ct_pool {
    size_t workers;
    // What is to be done: written by the caller before the phase is raised.
    ct_task task;
    void *context;
    size_t count;
    bool stop;
    // Each on its own cache line: the phase that is being worked on, the next index, the workers not done with it.
    _Alignas(64) _Atomic uint64_t phase;
    _Alignas(64) atomic_size_t next;
    _Alignas(64) atomic_size_t working;
    _Alignas(64) atomic_size_t sleepers;
    atomic_bool caller_sleeps;
    pthread_mutex_t lock;
    pthread_cond_t raised, finished;
    pthread_t threads[];
};

typedef struct {
    ct_pool *pool;
    size_t worker;
} seat;

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void take_tasks(ct_pool *pool, size_t worker) {
    for (;;) {
        const size_t index = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (index >= pool->count) return;
        pool->task(pool->context, index, worker);
    }
}

static void wait_for_phase(ct_pool *pool, uint64_t seen) {
    for (int spin = 0; spin < CT_SPINS; spin++) {
        if (atomic_load_explicit(&pool->phase, memory_order_acquire) != seen) return;
        relax();
    }
    pthread_mutex_lock(&pool->lock);
    // Sequentially consistent on both sides: either we see the new phase, or its raiser sees us asleep.
    atomic_fetch_add(&pool->sleepers, 1);
    while (atomic_load(&pool->phase) == seen) pthread_cond_wait(&pool->raised, &pool->lock);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void *work(void *argument) {
    const seat mine = *(seat *)argument;
    free(argument);
    ct_pool *pool = mine.pool;
    for (uint64_t seen = 0;; seen++) {
        wait_for_phase(pool, seen);
        if (pool->stop) return NULL;
        take_tasks(pool, mine.worker);
        if (atomic_fetch_sub(&pool->working, 1) == 1 && atomic_load(&pool->caller_sleeps)) {
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->finished);
            pthread_mutex_unlock(&pool->lock);
        }
    }
}

static void raise_phase(ct_pool *pool) {
    atomic_fetch_add(&pool->phase, 1);
    if (atomic_load(&pool->sleepers) == 0) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->raised);
    pthread_mutex_unlock(&pool->lock);
}

static void wait_for_workers(ct_pool *pool) {
    for (int spin = 0; spin < CT_SPINS; spin++) {
        if (atomic_load_explicit(&pool->working, memory_order_acquire) == 0) return;
        relax();
    }
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->caller_sleeps, true);
    while (atomic_load(&pool->working) != 0) pthread_cond_wait(&pool->finished, &pool->lock);
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->lock);
}

void ct_pool_run(ct_pool *pool, size_t count, ct_task task, void *context) {
    if (pool->workers == 1 || count <= 1) {
        for (size_t index = 0; index < count; index++) task(context, index, 0);
        return;
    }
    pool->task = task;
    pool->context = context;
    pool->count = count;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->working, pool->workers - 1, memory_order_relaxed);
    raise_phase(pool);
    take_tasks(pool, 0);
    wait_for_workers(pool);
}

size_t ct_pool_workers(const ct_pool *pool) { return pool->workers; }

ct_pool *ct_pool_create(size_t workers) {
    if (workers == 0) workers = 1;
    const size_t bytes = sizeof(ct_pool) + workers * sizeof(pthread_t);
    ct_pool *pool = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!pool) return NULL;
    pool->stop = false;
    atomic_init(&pool->phase, 0);
    atomic_init(&pool->next, 0);
    atomic_init(&pool->working, 0);
    atomic_init(&pool->sleepers, 0);
    atomic_init(&pool->caller_sleeps, false);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->raised, NULL);
    pthread_cond_init(&pool->finished, NULL);
    size_t started = 1;
    for (; started < workers; started++) {
        seat *mine = malloc(sizeof *mine);
        if (!mine) break;
        *mine = (seat){pool, started};
        if (pthread_create(&pool->threads[started], NULL, work, mine) != 0) {
            free(mine);
            break;
        }
    }
    pool->workers = started;
    return pool;
}

void ct_pool_destroy(ct_pool *pool) {
    pool->stop = true;
    raise_phase(pool);
    for (size_t worker = 1; worker < pool->workers; worker++) pthread_join(pool->threads[worker], NULL);
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->raised);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
