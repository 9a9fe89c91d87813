// Devices, contexts, streams and events. All work is done when its call returns, so that streams order nothing.
#include <cstddef>
#include <cstdio>
#include "api.h"
#include "settings.h"
#include "state.h"

std::recursive_mutex lock;
static bool initialised = false;
static int retained = 0;
static char the_context;
static thread_local void* current = nullptr;

bool has_context() { return current != nullptr; }

API Result cuInit(unsigned) {
  initialised = settings().devices > 0;
  return initialised ? OK : NO_DEVICE;
}
API Result cuDriverGetVersion(int* version) {
  *version = settings().version;
  return OK;
}
API Result cuDeviceGetCount(int* count) {
  *count = settings().devices;
  return initialised ? OK : NOT_INITIALIZED;
}
API Result cuDeviceGet(int* device, int ordinal) {
  if (!initialised) return NOT_INITIALIZED;
  *device = ordinal;
  return ordinal >= 0 && ordinal < settings().devices ? OK : INVALID_DEVICE;
}
API Result cuDeviceGetName(char* name, int bytes, int) {
  snprintf(name, bytes, "stand-in");
  return OK;
}
API Result cuDeviceTotalMem_v2(size_t* bytes, int) {
  *bytes = settings().memory;
  return OK;
}
API Result cuDeviceGetAttribute(int* value, int attribute, int) {
  switch (attribute) {
    case 1: *value = 1024; return OK;          // threads of a block
    case 8: *value = 48 << 10; return OK;      // bytes of shared memory of a block
    case 10: *value = 32; return OK;           // threads of a warp
    case 16: *value = 4; return OK;            // multiprocessors
    case 39: *value = 2048; return OK;         // threads of a multiprocessor
    case 75: *value = 9; return OK;            // compute capability, before the point
    case 76: *value = 0; return OK;            // and after it
    case 115: *value = settings().pools; return OK;
    default: fprintf(stderr, "stand-in CUDA: attribute %d of a device is not known\n", attribute); return INVALID_VALUE;
  }
}

API Result cuDevicePrimaryCtxRetain(void** context, int) {
  if (!initialised) return NOT_INITIALIZED;
  retained++;
  *context = &the_context;
  return OK;
}
API Result cuDevicePrimaryCtxRelease_v2(int) { return --retained >= 0 ? OK : INVALID_CONTEXT; }
API Result cuCtxGetCurrent(void** context) {
  *context = current;
  return OK;
}
API Result cuCtxSetCurrent(void* context) {
  current = context;
  return OK;
}
API Result cuCtxSynchronize() { return current ? OK : INVALID_CONTEXT; }

// A handle is one byte of its own.
static Result create(void** handle) {
  if (!current) return INVALID_CONTEXT;
  *handle = new char;
  return OK;
}
static Result destroy(void* handle) {
  delete static_cast<char*>(handle);
  return OK;
}
API Result cuStreamCreate(void** stream, unsigned) { return create(stream); }
API Result cuStreamDestroy_v2(void* stream) { return destroy(stream); }
API Result cuStreamSynchronize(void*) { return current ? OK : INVALID_CONTEXT; }
API Result cuStreamWaitEvent(void*, void*, unsigned) { return OK; }
API Result cuEventCreate(void** event, unsigned) { return create(event); }
API Result cuEventDestroy_v2(void* event) { return destroy(event); }
API Result cuEventRecord(void*, void*) { return OK; }
API Result cuEventQuery(void*) { return OK; }
API Result cuEventElapsedTime(float* milliseconds, void*, void*) {
  *milliseconds = 0;
  return OK;
}
