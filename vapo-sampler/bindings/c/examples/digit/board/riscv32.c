/* A core of RV32IMC: what it does first, and how it speaks to the debugger. */

#include "board.h"

uintptr_t semihosting(uintptr_t operation, const void *argument)
{
    register uintptr_t a0 __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = argument;
    /* Three instructions, none of them compressed, tell the request from any other breakpoint. */
    __asm__ volatile(".balign 16\n .option push\n .option norvc\n"
                     " slli x0, x0, 0x1f\n ebreak\n srai x0, x0, 7\n .option pop"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return a0;
}

/* Where a trap leads: an address that ends in two zeros. The stack may have overflowed, so it begins anew. */
__attribute__((aligned(4), naked)) static void trap(void)
{
    __asm__ volatile("la sp, stack_end\n tail %0" : : "i"(fault));
}

/* The memory that stands for flash lies below the stack. It may be read and executed alone, so that a stack that overflows is a fault. */
static void protect_flash(void)
{
    /* A region of 4 MB from 0x80000000 on, in words: its address ends in a zero and 19 ones. */
    __asm__ volatile("csrw pmpaddr0, %0" : : "r"(0x80000000u >> 2 | ((4096u << 10 >> 3) - 1)));
    /* Locked, a power of two of bytes, executed and read. */
    __asm__ volatile("csrw pmpcfg0, %0" : : "r"(0x80 | 0x18 | 0x04 | 0x01));
}

static void start(void)
{
    __asm__ volatile("csrw mtvec, %0" : : "r"(trap));
    protect_flash();
    run();
}

/* Comes first in memory. There is no stack yet. */
__attribute__((section(".vectors"), naked, used)) void reset(void)
{
    __asm__ volatile("la sp, stack_end\n tail %0" : : "i"(start));
}
