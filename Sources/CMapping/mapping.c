#define _GNU_SOURCE
#include "CMapping.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

#define SLOTS 512
#define PATH_BYTES 1024

// What the handler looks through. A slot is free where its start is 0; the start is written last and cleared first.
static struct {
    _Atomic uintptr_t start;
    size_t byte_count;
    char path[PATH_BYTES];
} slots[SLOTS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction previous;

static size_t append(char *line, size_t at, const char *text) {
    const size_t length = strlen(text);
    memcpy(line + at, text, length);
    return at + length;
}

static size_t append_number(char *line, size_t at, uintptr_t number) {
    char digits[24];
    size_t first = sizeof digits;
    do { digits[--first] = (char)('0' + number % 10); } while (number /= 10);
    memcpy(line + at, digits + first, sizeof digits - first);
    return at + sizeof digits - first;
}

// Nothing here but what a signal handler may do: no locks, no allocation, no stdio.
static void on_bus_error(int signal, siginfo_t *info, void *context) {
    const uintptr_t address = (uintptr_t)info->si_addr;
    for (int index = 0; index < SLOTS; index++) {
        const uintptr_t start = atomic_load(&slots[index].start);
        if (start == 0 || address < start || address - start >= slots[index].byte_count) continue;
        char line[PATH_BYTES + 256];
        size_t length = append(line, 0, "vkternary: ");
        length = append(line, length, slots[index].path);
        length = append(line, length, ": byte ");
        length = append_number(line, length, address - start);
        length = append(line, length, ": cannot be read any more: the file was cut short, or its disk failed, while it was in use");
        line[length++] = '\n';
        ssize_t written = write(STDERR_FILENO, line, length);
        (void)written;
        _exit(2);
    }
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
        // The instruction is run again when this returns, and meets what there was.
        sigaction(SIGBUS, &previous, NULL);
    } else {
        previous.sa_handler(signal);
    }
}

static void install(void) {
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &previous);
}

const void *cmap_open(int descriptor, size_t byte_count, const char *path) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (byte_count == 0) return NULL;
    pthread_once(&once, install);
    void *start = mmap(NULL, byte_count, PROT_READ, MAP_SHARED, descriptor, 0);
    if (start == MAP_FAILED) return NULL;
    pthread_mutex_lock(&lock);
    int slot = 0;
    while (slot < SLOTS && atomic_load(&slots[slot].start) != 0) slot++;
    if (slot < SLOTS) {
        slots[slot].byte_count = byte_count;
        size_t length = 0;
        for (; path[length] != '\0' && length < PATH_BYTES - 1; length++) {
            // The line stays one.
            slots[slot].path[length] = (unsigned char)path[length] < ' ' ? '?' : path[length];
        }
        slots[slot].path[length] = '\0';
        atomic_store(&slots[slot].start, (uintptr_t)start);
    }
    pthread_mutex_unlock(&lock);
    if (slot < SLOTS) return start;
    munmap(start, byte_count);
    return NULL;
}

void cmap_close(const void *start, size_t byte_count) {
    pthread_mutex_lock(&lock);
    for (int slot = 0; slot < SLOTS; slot++) {
        if (atomic_load(&slots[slot].start) == (uintptr_t)start) atomic_store(&slots[slot].start, 0);
    }
    pthread_mutex_unlock(&lock);
    munmap((void *)start, byte_count);
}

void cmap_populate(const void *start, size_t byte_count) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t first = (uintptr_t)start & ~(page - 1);
    madvise((void *)first, (uintptr_t)start + byte_count - first, MADV_POPULATE_READ);
}
