/* What main.c needs of the machine it runs on. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdint.h>

void platform_start(void);
void platform_print(const char *text);

/* Cycles of this processor since some moment; 0 where nobody counts them. */
static inline uint64_t platform_cycles(void)
{
#if defined(__riscv) && !defined(LAPIDARY_TIME)
    uint64_t cycles;
    __asm__ volatile("rdcycle %0" : "=r"(cycles));
    return cycles;
#elif defined(__riscv)
    uint64_t ticks;
    __asm__ volatile("rdtime %0" : "=r"(ticks));
    return ticks;
#else
    return 0;
#endif
}

#endif
