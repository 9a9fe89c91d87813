// What all parts of the driver share.
#pragma once
#include <mutex>

// Held by every call that reads or changes memory, modules or totals. A launch holds it until all its blocks are done.
extern std::recursive_mutex lock;

// The context that the calling thread has made current.
bool has_context();

// What runs now, for the text of a failure.
class Running {
 public:
  explicit Running(const char* what);
  ~Running();
};
