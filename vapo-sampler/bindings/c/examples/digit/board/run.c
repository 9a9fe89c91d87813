/* Digits on an emulated board, without an operating system and without a C library: what runs before and after them, and output
 * through the debugger. */

#include "../digit.h"
#include "board.h"

#ifndef CLASSES
#define CLASSES 10
#endif

/* Of the linker script. */
extern uint32_t stack_low[], stack_end[], data_start[], data_end[], data_values[], bss_start[], bss_end[];

/* Whether the standard output is open, and its number. */
static uintptr_t output;

void print(const char *text)
{
    uintptr_t open[3], write[3];
    if (!output) {
        open[0] = (uintptr_t)":tt", open[1] = 4, open[2] = 3;
        output = semihosting(0x01, open);
    }
    write[0] = output, write[1] = (uintptr_t)text, write[2] = 0;
    while (text[write[2]]) {
        write[2]++;
    }
    semihosting(0x05, write);
}

/* Bytes of stack that nothing was written to yet. */
#define UNTOUCHED 0xa5a5a5a5u

static void print_stack(void)
{
    const uint32_t *low = stack_low;
    uint32_t used;
    int digit;
    char text[12] = "stack 00000";
    while (*low == UNTOUCHED) {
        low++;
    }
    used = (uint32_t)((uintptr_t)stack_end - (uintptr_t)low);
    for (digit = 10; digit > 5; digit--, used /= 10) {
        text[digit] = (char)('0' + used % 10);
    }
    print(text);
    print(" bytes\n");
}

/* Ends the emulation with a status. */
static void leave(int failed)
{
    semihosting(0x18, (const void *)(uintptr_t)(failed ? 0x20023 : 0x20026));
    for (;;) {
    }
}

void fault(void)
{
    print("fault\n");
    leave(1);
}

void run(void)
{
    uint32_t *to;
    const uint32_t *from = data_values;
    int failed;
    for (to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (to = bss_start; to < bss_end; to++) {
        *to = 0;
    }
    for (to = stack_low; to < (uint32_t *)__builtin_frame_address(0) - 64; to++) {
        *to = UNTOUCHED;
    }
    failed = digit(CLASSES);
    print_stack();
    leave(failed);
}
