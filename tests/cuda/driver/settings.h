// What the environment sets. README.md lists the names.
#pragma once
#include <cstdint>
#include <string>

struct Settings {
  int devices, version;
  bool pools, reversed, watch_shared, trace;
  uint64_t memory;
  unsigned threads;
  std::string report;
};

const Settings& settings();
