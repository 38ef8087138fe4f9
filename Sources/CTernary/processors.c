// How many processors this process may keep busy: Linux's affinity mask and the quota of its control group.
#define _GNU_SOURCE
#include "processors.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pool.h"

bool ct_processors_get(ct_processors *processors) {
    // A set must have room for every number that the kernel knows, which it does not tell.
    for (size_t most = 1024; most <= 1 << 20; most *= 4) {
        *processors = (ct_processors){CPU_ALLOC(most), most, CPU_ALLOC_SIZE(most)};
        if (!processors->set) return false;
        if (sched_getaffinity(0, processors->bytes, processors->set) == 0) return true;
        ct_processors_free(processors);
        if (errno != EINVAL) return false;
    }
    return false;
}

void ct_processors_free(ct_processors *processors) { CPU_FREE(processors->set); }

// Processors in the affinity mask; 0 where it cannot be read.
static size_t affinity(void) {
    ct_processors processors;
    if (!ct_processors_get(&processors)) return 0;
    const int count = CPU_COUNT_S(processors.bytes, processors.set);
    ct_processors_free(&processors);
    return (size_t)count;
}

// The whole number that a file begins with, and the second one where there is room for it; how many there were.
static int numbers_in(const char *path, long long numbers[2]) {
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    const int found = fscanf(file, "%lld %lld", &numbers[0], &numbers[1]);
    fclose(file);
    return found;
}

static size_t rounded_up(long long quota, long long period) {
    return quota > 0 && period > 0 ? (size_t)((quota - 1) / period + 1) : 0;
}

// The quota of a group of version 2 ("max 100000" or "150000 100000"); 0 where there is none.
static size_t quota_in(const char *folder) {
    char path[1300];
    long long numbers[2];
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    return numbers_in(path, numbers) == 2 ? rounded_up(numbers[0], numbers[1]) : 0;
}

// The same of version 1, where -1 is none.
static size_t quota_in_first_version(const char *folder) {
    char path[1300];
    long long quota[2], period[2];
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
    if (numbers_in(path, quota) < 1) return 0;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    return numbers_in(path, period) < 1 ? 0 : rounded_up(quota[0], period[0]);
}

// The smaller of two numbers of which 0 is none.
static size_t smaller(size_t a, size_t b) { return !a || (b && b < a) ? b : a; }

// The smallest quota from a group up to the root; 0 where none has one.
static size_t quota_of(const char *root, const char *group, size_t (*quota_in)(const char *folder)) {
    char path[1200];
    snprintf(path, sizeof path, "%s%s", root, group);
    for (size_t smallest = 0;;) {
        smallest = smaller(smallest, quota_in(path));
        char *last = strrchr(path + strlen(root), '/');
        if (!last) return smallest;
        *last = 0;
    }
}

static size_t quota(void) {
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file) return 0;
    char line[1024];
    size_t smallest = 0;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        // "0::/group" or "4:cpu,cpuacct:/group".
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) continue;
        *group++ = 0;
        if (strcmp(controllers, ":") == 0)
            smallest = smaller(smallest, quota_of("/sys/fs/cgroup", group, quota_in));
        else if (strstr(controllers, ":cpu,") || strcmp(controllers, ":cpu") == 0)
            smallest = smaller(smallest, quota_of("/sys/fs/cgroup/cpu", group, quota_in_first_version));
    }
    fclose(file);
    return smallest;
}

size_t ct_usable_processors(void) {
    const size_t usable = smaller(affinity(), quota());
    return usable ? usable : 1;
}
