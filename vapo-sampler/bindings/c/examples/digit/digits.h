/* The model digits: made by vapo-train export, with the library's header beside it in the search path. */
#ifndef DIGITS_H
#define DIGITS_H

#include "vapo.h"

/* Bytes of flash. */
#define DIGITS_MODEL_BYTES 35968
/* Numbers of a sample, rows first, channels last. */
#define DIGITS_ELEMENTS 64
#define DIGITS_HEIGHT 8
#define DIGITS_WIDTH 8
#define DIGITS_CHANNELS 1
/* Classes, from 0: none where it is 0. */
#define DIGITS_CLASSES 10

/* Bytes of RAM that vapo_init takes. Define VAPO_RAM as what there is, and more is an error of the compiler. */
#define DIGITS_ARENA_BYTES VAPO_BYTES(34, 1112)
#ifdef VAPO_RAM
VAPO_STATIC_ASSERT(digits_fits_arena, DIGITS_ARENA_BYTES <= VAPO_RAM, "DIGITS_ARENA_BYTES is more than VAPO_RAM");
#endif

VAPO_STATIC_ASSERT(digits_is_of_this_library, VAPO_PLAN_VERSION == 1, "export the model anew");

#ifdef __cplusplus
extern "C" {
#endif
extern const uint8_t digits_model[DIGITS_MODEL_BYTES];
#ifdef __cplusplus
}
#endif

#endif /* DIGITS_H */
