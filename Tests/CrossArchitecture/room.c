// Memory for checks: of the allocator, for sanitizers and valgrind to watch, or before a page that nobody may touch, for where there are
// no such tools.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

enum { LARGEST_ROOMS = 128 };

static struct {
    uint8_t *memory;
    // Of pages, the last one's included; 0 where the allocator gave it.
    size_t mapped;
} rooms[LARGEST_ROOMS];
static size_t room_count;
static bool are_guarded;

void guard_rooms(bool is_wanted) { are_guarded = is_wanted; }

void *checked(void *memory) {
    if (memory && memory != MAP_FAILED) return memory;
    fputs("out of memory\n", stderr);
    exit(1);
}

void *room(size_t count) {
    if (room_count == LARGEST_ROOMS) abort();
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), inner = (count + page - 1) / page * page;
    const size_t mapped = are_guarded ? inner + page : 0;
    uint8_t *memory = checked(
        are_guarded ? mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : malloc(count ? count : 1));
    rooms[room_count].memory = memory;
    rooms[room_count++].mapped = mapped;
    if (!are_guarded) return memory;
    if (mprotect(memory + inner, page, PROT_NONE) != 0) checked(NULL);
    return memory + inner - count;
}

void leave_rooms(void) {
    while (room_count > 0) {
        room_count--;
        if (rooms[room_count].mapped)
            munmap(rooms[room_count].memory, rooms[room_count].mapped);
        else
            free(rooms[room_count].memory);
    }
}

void *zeros(size_t count) { return memset(room(count), 0, count); }

float *any_floats(generator *g, size_t count) {
    float *floats = room(count * sizeof *floats);
    for (size_t i = 0; i < count; i++) floats[i] = any_float(g);
    return floats;
}

float *settled_floats(generator *g, size_t count) {
    float *floats = any_floats(g, count);
    for (size_t i = 0; i < count; i++) floats[i] = exact_settle(floats[i]);
    return floats;
}

void *any_bytes(generator *g, size_t count) {
    uint8_t *bytes = room(count);
    for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)next(g);
    return bytes;
}
