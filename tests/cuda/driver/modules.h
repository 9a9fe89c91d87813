// Modules of kernels: PTX, translated to C++ and compiled when it is loaded.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include "../kernel/thread.h"

// Bytes of shared memory that a block may have without asking for more.
static const uint32_t SHARED_BYTES = 48 << 10;

struct Function {
  std::string name;
  void (*run)(void** parameters, Thread* thread);
  uint32_t shared_bytes;
  uint32_t sites;
};

struct Module {
  void* library;
  std::map<std::string, Function> functions;
};
