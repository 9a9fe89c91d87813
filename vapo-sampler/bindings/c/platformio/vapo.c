/* The library is prebuilt: link.py links it. A library of PlatformIO has at least one source. */
#include "vapo.h"
