// How many processors this process may keep busy: Linux's affinity mask and the quota of its control group.
#define _GNU_SOURCE
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "pool.h"

// Processors in the affinity mask; 0 where it cannot be read.
static size_t affinity(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 0;
}

// The quota in a cpu.max file ("max 100000" or "150000 100000"), rounded up; 0 where there is none.
static size_t quota_in(const char *path) {
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    long long quota = 0, period = 0;
    const bool limited = fscanf(file, "%lld %lld", &quota, &period) == 2 && quota > 0 && period > 0;
    fclose(file);
    return limited ? (size_t)((quota - 1) / period + 1) : 0;
}

// The smallest quota from our control group up to the root; 0 where none has one.
static size_t quota(void) {
    char group[1024] = "";
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file) return 0;
    char line[1024];
    while (fgets(line, sizeof line, file))
        if (strncmp(line, "0::/", 4) == 0) {
            line[strcspn(line, "\n")] = 0;
            strcpy(group, line + 3);
        }
    fclose(file);
    size_t smallest = 0;
    for (;;) {
        char path[1200];
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
        const size_t found = quota_in(path);
        if (found && (!smallest || found < smallest)) smallest = found;
        char *last = strrchr(group, '/');
        if (!last) return smallest;
        *last = 0;
    }
}

size_t ct_usable_processors(void) {
    const size_t allowed = affinity(), limit = quota();
    const size_t usable = limit && (!allowed || limit < allowed) ? limit : allowed;
    return usable ? usable : 1;
}
