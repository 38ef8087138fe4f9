// Tasks 0 ..< count of a phase are shared out beforehand: each worker has a range of its own, the same one in every phase of that
// size, so that it finds its part of a matrix in memory near to it and reads it from front to back. Who has done with its range takes
// tasks from the ends of others'.
//
// A phase is over when its tasks are done, whoever did them: a worker that the system has not let run in time is not waited for unless
// it has taken a task. That, and that waiting soon becomes sleeping, is why more threads than processors slow each other down no more
// than they must.
#define _GNU_SOURCE
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "places.h"

// Within a token the next phase is some microseconds away.
enum { CT_SPIN_NANOSECONDS = 10000, CT_SPINS_BETWEEN_LOOKS = 32, CT_TURNS = 100 };

// Tasks begin ..< end that nobody has taken, as end << 32 | begin, on a cache line of its own.
typedef struct {
    _Alignas(64) _Atomic uint64_t tasks;
} range;

struct ct_pool {
    size_t workers;
    ct_places *places;
    pthread_t *threads;
    range *ranges;
    // What is to be done. Written while no task is to be had, read by who has taken one.
    ct_task task;
    void *context;
    size_t count;
    _Alignas(64) _Atomic uint64_t phase;
    atomic_bool stop;
    _Alignas(64) atomic_size_t done;
    _Alignas(64) atomic_size_t sleepers;
    atomic_bool caller_sleeps;
    pthread_mutex_t lock;
    pthread_cond_t raised, finished;
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

static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

// Takes a task from the front of a range, or from its end.
static bool take(range *from, bool front, size_t *index) {
    uint64_t tasks = atomic_load_explicit(&from->tasks, memory_order_relaxed);
    for (;;) {
        const uint64_t begin = tasks & UINT32_MAX, end = tasks >> 32;
        if (begin >= end) return false;
        const uint64_t left = front ? end << 32 | (begin + 1) : (end - 1) << 32 | begin;
        // Acquires what was written before the range was filled.
        if (atomic_compare_exchange_weak_explicit(
                &from->tasks, &tasks, left, memory_order_acquire, memory_order_relaxed)) {
            *index = front ? begin : end - 1;
            return true;
        }
    }
}

static bool is_done(ct_pool *pool) { return atomic_load(&pool->done) == pool->count; }

static void perform(ct_pool *pool, size_t index, size_t worker) {
    // The phase cannot end, nor the next one be prepared, before this task counts as done.
    const size_t count = pool->count;
    pool->task(pool->context, index, worker);
    if (atomic_fetch_add(&pool->done, 1) + 1 == count && atomic_load(&pool->caller_sleeps)) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_signal(&pool->finished);
        pthread_mutex_unlock(&pool->lock);
    }
}

static void take_tasks(ct_pool *pool, size_t worker) {
    size_t index;
    while (take(&pool->ranges[worker], true, &index)) perform(pool, index, worker);
    for (size_t step = 1; step < pool->workers; step++) {
        range *other = &pool->ranges[(worker + step) % pool->workers];
        while (take(other, false, &index)) perform(pool, index, worker);
    }
}

// Whether a condition holds before it is time to sleep.
#define SPIN_UNTIL(condition)                                                                                     \
    for (uint64_t start = nanoseconds(); nanoseconds() - start < CT_SPIN_NANOSECONDS;)                            \
        for (int spin = 0; spin < CT_SPINS_BETWEEN_LOOKS; spin++) {                                               \
            if (condition) return;                                                                                \
            relax();                                                                                              \
        }                                                                                                         \
    for (int turn = 0; turn < CT_TURNS; turn++) {                                                                 \
        if (condition) return;                                                                                    \
        sched_yield();                                                                                            \
    }

static void wait_for_phase(ct_pool *pool, uint64_t seen) {
    SPIN_UNTIL(atomic_load_explicit(&pool->phase, memory_order_acquire) != seen)
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
    ct_places_enter(pool->places, mine.worker);
    for (uint64_t seen = 0;;) {
        wait_for_phase(pool, seen);
        if (atomic_load(&pool->stop)) return NULL;
        // Phases that went by without us are left out.
        seen = atomic_load_explicit(&pool->phase, memory_order_acquire);
        take_tasks(pool, mine.worker);
    }
}

static void raise_phase(ct_pool *pool) {
    atomic_fetch_add(&pool->phase, 1);
    if (atomic_load(&pool->sleepers) == 0) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->raised);
    pthread_mutex_unlock(&pool->lock);
}

static void wait_for_tasks(ct_pool *pool) {
    SPIN_UNTIL(is_done(pool))
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->caller_sleeps, true);
    while (!is_done(pool)) pthread_cond_wait(&pool->finished, &pool->lock);
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->lock);
}

size_t ct_pool_first(const ct_pool *pool, size_t count, size_t worker) { return count * worker / pool->workers; }

static void run_phase(ct_pool *pool, size_t count, ct_task task, void *context) {
    pool->task = task;
    pool->context = context;
    pool->count = count;
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    for (size_t worker = 0; worker < pool->workers; worker++) {
        const uint64_t begin = ct_pool_first(pool, count, worker), end = ct_pool_first(pool, count, worker + 1);
        atomic_store_explicit(&pool->ranges[worker].tasks, end << 32 | begin, memory_order_release);
    }
    raise_phase(pool);
    take_tasks(pool, 0);
    wait_for_tasks(pool);
}

void ct_pool_run(ct_pool *pool, size_t count, ct_task task, void *context) {
    if (pool->workers == 1 || count <= 1) {
        for (size_t index = 0; index < count; index++) task(context, index, 0);
        return;
    }
    run_phase(pool, count, task, context);
}

size_t ct_pool_workers(const ct_pool *pool) { return pool->workers; }

static void release(ct_pool *pool) {
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->raised);
    pthread_mutex_destroy(&pool->lock);
    ct_places_destroy(pool->places);
    free(pool->ranges);
    free(pool->threads);
    free(pool);
}

ct_pool *ct_pool_create(size_t workers) {
    if (workers == 0) workers = 1;
    ct_pool *pool = aligned_alloc(64, (sizeof(ct_pool) + 63) / 64 * 64);
    if (!pool) return NULL;
    pool->threads = calloc(workers, sizeof *pool->threads);
    pool->ranges = aligned_alloc(64, workers * sizeof *pool->ranges);
    pool->places = ct_places_create("/sys/devices/system/node", workers);
    atomic_init(&pool->stop, false);
    atomic_init(&pool->phase, 0);
    atomic_init(&pool->done, 0);
    atomic_init(&pool->sleepers, 0);
    atomic_init(&pool->caller_sleeps, false);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->raised, NULL);
    pthread_cond_init(&pool->finished, NULL);
    if (!pool->threads || !pool->ranges) {
        release(pool);
        return NULL;
    }
    for (size_t worker = 0; worker < workers; worker++) atomic_init(&pool->ranges[worker].tasks, 0);
    pool->workers = 1;
    for (; pool->workers < workers; pool->workers++) {
        seat *mine = malloc(sizeof *mine);
        if (!mine) break;
        *mine = (seat){pool, pool->workers};
        if (pthread_create(&pool->threads[pool->workers], NULL, work, mine) != 0) {
            free(mine);
            break;
        }
    }
    return pool;
}

void ct_pool_destroy(ct_pool *pool) {
    atomic_store(&pool->stop, true);
    raise_phase(pool);
    for (size_t worker = 1; worker < pool->workers; worker++) pthread_join(pool->threads[worker], NULL);
    release(pool);
}

bool ct_pool_is_spread(const ct_pool *pool) { return pool->places != NULL; }

void ct_pool_place(const ct_pool *pool, size_t worker, const void *bytes, size_t count) {
    if (pool->places) ct_places_move(pool->places, worker, bytes, count);
}
