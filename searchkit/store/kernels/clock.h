/* The clock that deadlines are told by: nanoseconds that never go back, as Python's time.monotonic_ns counts them. */

#ifndef SEARCHKIT_CLOCK_H
#define SEARCHKIT_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t sk_now(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
