/* Digits on a Cortex-M in an emulator, without an operating system and without a C library: the vector table, what runs before main,
 * and output through the debugger. */

#include "../digit.h"
#include <stdint.h>

#ifndef CLASSES
#define CLASSES 10
#endif

/* Of the linker script. */
extern uint32_t stack_end[], data_start[], data_end[], data_values[], bss_start[], bss_end[];

/* A request to the debugger, or to the emulator. */
static uintptr_t semihosting(uintptr_t operation, const void *argument)
{
    register uintptr_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void print(const char *text)
{
    semihosting(0x04, text);
}

/* Ends the emulation with a status. */
static void leave(int failed)
{
    semihosting(0x18, (const void *)(uintptr_t)(failed ? 0x20023 : 0x20026));
    for (;;) {
    }
}

static void fault(void)
{
    print("fault\n");
    leave(1);
}

void reset(void)
{
    uint32_t *to;
    const uint32_t *from = data_values;
#if defined(__ARM_FP)
    /* The floating point unit is off after a reset. */
    *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20;
    __asm__ volatile("dsb\n isb");
#endif
    for (to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (to = bss_start; to < bss_end; to++) {
        *to = 0;
    }
    leave(digit(CLASSES));
}

__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {
    (void (*)(void))stack_end, reset, fault, fault, fault, fault, fault,
};
