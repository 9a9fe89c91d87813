/* A Cortex-M: its vector table, what it does first, and how it speaks to the debugger. */

#include "board.h"

/* Where the stack begins: the first word of the table, among functions. */
extern void stack_end(void);

uintptr_t semihosting(uintptr_t operation, const void *argument)
{
    register uintptr_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void reset(void)
{
#if defined(__ARM_FP)
    /* The floating point unit is off after a reset. */
    *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20;
    __asm__ volatile("dsb\n isb");
#endif
    run();
}

__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {
    stack_end, reset, fault, fault, fault, fault, fault,
};
