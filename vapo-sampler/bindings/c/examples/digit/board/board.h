/* What a processor gives the program of the emulated boards, and what the program gives the processor. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Sends a request to the debugger, or to the emulator, and returns its answer. The processor's. */
uintptr_t semihosting(uintptr_t operation, const void *argument);

/* Sets variables to what they begin as, draws the digits, prints the stack that they took, and ends the emulation. */
void run(void);

/* Ends the emulation as a failure. */
void fault(void);

#endif
