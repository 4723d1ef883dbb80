/* Memory in large pages, where the system has them: tables that are read and written all over need fewer look-ups
   of addresses then. Without them it is ordinary memory. */

#ifndef SEARCHKIT_MEMORY_H
#define SEARCHKIT_MEMORY_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__GNUC__) || defined(__clang__)
#define sk_prefetch(at) __builtin_prefetch(at)
#else
#define sk_prefetch(at) ((void)(at))
#endif

#define SK_LARGE_PAGE ((size_t)2 << 20)

/* Ask for large pages for what lies in memory that was just made; nothing is lost where the answer is no. */
static inline void sk_advise_large(void *memory, size_t size)
{
#ifdef MADV_HUGEPAGE
    uintptr_t first = ((uintptr_t)memory + SK_LARGE_PAGE - 1) & ~(uintptr_t)(SK_LARGE_PAGE - 1);
    uintptr_t behind = ((uintptr_t)memory + size) & ~(uintptr_t)(SK_LARGE_PAGE - 1);
    if (behind > first)
        (void)madvise((void *)first, behind - first, MADV_HUGEPAGE);
#else
    (void)memory;
    (void)size;
#endif
}

/* Like malloc; to be given back with free. */
static inline void *sk_large(size_t size)
{
    void *memory = NULL;
    if (size < SK_LARGE_PAGE)
        return malloc(size ? size : 1);
    if (posix_memalign(&memory, SK_LARGE_PAGE, size) != 0)
        return NULL;
    sk_advise_large(memory, size);
    return memory;
}

#endif
