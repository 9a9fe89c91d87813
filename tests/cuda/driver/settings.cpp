#include "settings.h"
#include <cstdio>
#include <cstdlib>
#include <thread>

static uint64_t number(const char* name, uint64_t otherwise) {
  const char* value = getenv(name);
  if (!value || !*value) return otherwise;
  char* end = nullptr;
  const uint64_t found = strtoull(value, &end, 0);
  if (*end || *value == '-') {
    fprintf(stderr, "stand-in CUDA: %s: expected a number, found %s\n", name, value);
    abort();
  }
  return found;
}

const Settings& settings() {
  static const Settings all = [] {
    const char* report = getenv("STANDIN_REPORT");
    Settings set{};
    set.devices = int(number("STANDIN_DEVICES", 1));
    set.version = int(number("STANDIN_VERSION", 13000));
    set.pools = number("STANDIN_POOLS", 1);
    set.reversed = number("STANDIN_REVERSED", 0);
    set.watch_shared = number("STANDIN_WATCH_SHARED", 0);
    set.trace = number("STANDIN_TRACE", 0);
    set.memory = number("STANDIN_MEMORY", 80ull << 30);
    set.threads = unsigned(number("STANDIN_THREADS", std::thread::hardware_concurrency()));
    set.report = report ? report : "";
    return set;
  }();
  return all;
}
