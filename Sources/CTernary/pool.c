// Tasks 0 ..< count of a phase are shared out beforehand: each worker has a range of its own, the same one in every phase of that
// size, so that it finds its part of a matrix in memory near to it and reads it from front to back. Who has done with its range takes
// tasks from the ends of its neighbours'.
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

enum {
    // Within a token the next phase is some microseconds away.
    CT_SPIN_NANOSECONDS = 10000,
    CT_SPINS_BETWEEN_LOOKS = 32,
    CT_TURNS = 100,
    // Other workers' ranges that a worker looks at.
    CT_NEIGHBOURS = 3,
    // Tasks that a phase may have.
    CT_MOST_TASKS = 0xFFFF,
};

typedef struct {
    // What is left of the worker's range, begin ..< end, in a phase: phase << 32 | end << 16 | begin. Where the phase is an earlier one,
    // nobody has touched the range yet: only who takes a task writes here, so that with every worker at its own range no cache line moves.
    _Alignas(64) _Atomic uint64_t tasks;
    // Tasks that the worker has done in a phase, from whichever range: phase << 32 | tasks. Only the caller reads all of them; a counter that
    // all workers add to would take as long as all of them one after the other.
    _Alignas(64) _Atomic uint64_t done;
} range;

struct ct_pool {
    size_t workers;
    ct_places *places;
    pthread_t *threads;
    range *ranges;
    // What is to be done, for indices from `first` on. Written while no task is to be had, read by who has taken one.
    ct_task task;
    void *context;
    size_t first;
    // Number << 32 | tasks.
    _Alignas(64) _Atomic uint64_t phase;
    atomic_bool stop;
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

size_t ct_pool_first(const ct_pool *pool, size_t count, size_t worker) { return count * worker / pool->workers; }

// Takes a task of a phase from the front of a worker's range, or from its end.
static bool take(ct_pool *pool, uint64_t phase, size_t worker, bool front, size_t *index) {
    range *from = &pool->ranges[worker];
    const uint32_t number = (uint32_t)(phase >> 32), count = (uint32_t)phase;
    uint64_t tasks = atomic_load_explicit(&from->tasks, memory_order_relaxed);
    for (;;) {
        uint64_t begin = tasks & CT_MOST_TASKS, end = tasks >> 16 & CT_MOST_TASKS;
        const int32_t age = (int32_t)(number - (uint32_t)(tasks >> 32));
        // The phase that we have seen is over.
        if (age < 0) return false;
        if (age > 0) {
            begin = ct_pool_first(pool, count, worker);
            end = ct_pool_first(pool, count, worker + 1);
        }
        if (begin == end) return false;
        *index = front ? begin++ : --end;
        // Its success says that the phase is not over: this task is not done.
        if (atomic_compare_exchange_weak_explicit(
                &from->tasks, &tasks, (uint64_t)number << 32 | end << 16 | begin, memory_order_acq_rel, memory_order_relaxed))
            return true;
    }
}

// Whether all tasks of the phase are done.
static bool is_done(ct_pool *pool, uint64_t phase) {
    size_t tasks = 0;
    for (size_t worker = 0; worker < pool->workers; worker++) {
        const uint64_t done = atomic_load(&pool->ranges[worker].done);
        if (done >> 32 == phase >> 32) tasks += (uint32_t)done;
    }
    return tasks == (uint32_t)phase;
}

static void perform(ct_pool *pool, size_t index, size_t worker) { pool->task(pool->context, pool->first + index, worker); }

// Says that a worker has done tasks. Before that the phase cannot end, nor the next one be prepared.
static void finish(ct_pool *pool, uint64_t phase, size_t worker, size_t tasks) {
    if (tasks == 0) return;
    _Atomic uint64_t *done = &pool->ranges[worker].done;
    const uint64_t before = atomic_load_explicit(done, memory_order_relaxed), start = phase >> 32 << 32;
    atomic_store(done, (before >> 32 == phase >> 32 ? before : start) + tasks);
    if (!atomic_load(&pool->caller_sleeps)) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_signal(&pool->finished);
    pthread_mutex_unlock(&pool->lock);
}

// A worker looks for more work at its neighbours, so that the end of a phase is not all workers looking at all ranges; the caller looks
// everywhere, so that no range is left.
static void take_tasks(ct_pool *pool, uint64_t phase, size_t worker) {
    size_t index, tasks = 0;
    for (; take(pool, phase, worker, true, &index); tasks++) perform(pool, index, worker);
    finish(pool, phase, worker, tasks);
    if (worker == 0 && is_done(pool, phase)) return;
    const size_t others = worker == 0 || pool->workers - 1 < CT_NEIGHBOURS ? pool->workers - 1 : CT_NEIGHBOURS;
    for (size_t step = 1; step <= others; step++)
        while (take(pool, phase, (worker + step) % pool->workers, false, &index)) {
            perform(pool, index, worker);
            finish(pool, phase, worker, 1);
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
        take_tasks(pool, seen, mine.worker);
    }
}

static void raise_phase(ct_pool *pool, uint64_t phase) {
    atomic_store(&pool->phase, phase);
    if (atomic_load(&pool->sleepers) == 0) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->raised);
    pthread_mutex_unlock(&pool->lock);
}

static void wait_for_tasks(ct_pool *pool, uint64_t phase) {
    SPIN_UNTIL(is_done(pool, phase))
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->caller_sleeps, true);
    while (!is_done(pool, phase)) pthread_cond_wait(&pool->finished, &pool->lock);
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->lock);
}

// The phase after the last one.
static uint64_t next_phase(ct_pool *pool, size_t count) {
    const uint32_t number = (uint32_t)(atomic_load_explicit(&pool->phase, memory_order_relaxed) >> 32) + 1;
    // Ages are told apart within 2^31 phases; a range may have been without tasks for longer.
    if (number % (1u << 30) == 0)
        for (size_t worker = 0; worker < pool->workers; worker++) {
            atomic_store_explicit(&pool->ranges[worker].tasks, (uint64_t)(number - 1) << 32, memory_order_relaxed);
            atomic_store_explicit(&pool->ranges[worker].done, (uint64_t)(number - 1) << 32, memory_order_relaxed);
        }
    return (uint64_t)number << 32 | count;
}

void ct_pool_run(ct_pool *pool, size_t count, ct_task task, void *context) {
    if (pool->workers == 1 || count <= 1) {
        for (size_t index = 0; index < count; index++) task(context, index, 0);
        return;
    }
    for (size_t first = 0; first < count; first += CT_MOST_TASKS) {
        const size_t tasks = count - first < CT_MOST_TASKS ? count - first : CT_MOST_TASKS;
        pool->task = task;
        pool->context = context;
        pool->first = first;
        const uint64_t phase = next_phase(pool, tasks);
        raise_phase(pool, phase);
        take_tasks(pool, phase, 0);
        wait_for_tasks(pool, phase);
    }
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
    atomic_init(&pool->sleepers, 0);
    atomic_init(&pool->caller_sleeps, false);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->raised, NULL);
    pthread_cond_init(&pool->finished, NULL);
    if (!pool->threads || !pool->ranges) {
        release(pool);
        return NULL;
    }
    for (size_t worker = 0; worker < workers; worker++) {
        atomic_init(&pool->ranges[worker].tasks, 0);
        atomic_init(&pool->ranges[worker].done, 0);
    }
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
    raise_phase(pool, next_phase(pool, 0));
    for (size_t worker = 1; worker < pool->workers; worker++) pthread_join(pool->threads[worker], NULL);
    release(pool);
}

bool ct_pool_is_spread(const ct_pool *pool) { return pool->places != NULL; }

void ct_pool_place(const ct_pool *pool, size_t worker, const void *bytes, size_t count) {
    if (pool->places) ct_places_move(pool->places, worker, bytes, count);
}
