// Results by name, as the driver's header has them.
#include "api.h"

struct Text {
  Result result;
  const char *name, *meaning;
};
static const Text TEXTS[] = {
    {OK, "CUDA_SUCCESS", "no error"},
    {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {INVALID_PTX, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
};

static const Text* text_of(Result result) {
  for (const Text& text : TEXTS) {
    if (text.result == result) return &text;
  }
  return nullptr;
}

API Result cuGetErrorName(Result result, const char** name) {
  const Text* text = text_of(result);
  *name = text ? text->name : nullptr;
  return text ? OK : INVALID_VALUE;
}
API Result cuGetErrorString(Result result, const char** meaning) {
  const Text* text = text_of(result);
  *meaning = text ? text->meaning : nullptr;
  return text ? OK : INVALID_VALUE;
}
