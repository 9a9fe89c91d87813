// What cudarc links and this stand-in has not.
#include <cstdio>
#include "api.h"

#define ABSENT(name)                                                     \
  API Result name() {                                                    \
    fprintf(stderr, "stand-in CUDA: " #name " is not there\n");          \
    return NOT_SUPPORTED;                                                \
  }
ABSENT(cuDestroyExternalMemory)
ABSENT(cuExternalMemoryGetMappedBuffer)
ABSENT(cuFuncSetAttribute)
ABSENT(cuFuncSetCacheConfig)
ABSENT(cuImportExternalMemory)
ABSENT(cuModuleLoad)
ABSENT(cuOccupancyAvailableDynamicSMemPerBlock)
ABSENT(cuOccupancyMaxActiveBlocksPerMultiprocessor)
ABSENT(cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags)
ABSENT(cuOccupancyMaxActiveClusters)
ABSENT(cuOccupancyMaxPotentialBlockSize)
ABSENT(cuOccupancyMaxPotentialBlockSizeWithFlags)
ABSENT(cuOccupancyMaxPotentialClusterSize)
ABSENT(cuProfilerStart)
ABSENT(cuProfilerStop)
