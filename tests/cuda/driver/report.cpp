#include "report.h"
#include <cstdio>
#include <map>
#include "memory.h"
#include "settings.h"

struct Moved {
  uint64_t count = 0, bytes = 0;
};
struct Launched {
  uint64_t count = 0, threads = 0;
  double seconds = 0;
};

// Written as this library is unloaded: a program that is aborted leaves none.
static struct Totals {
  Moved copies[3], fills;
  std::map<std::string, Launched> launches;
  std::string path = settings().report;

  ~Totals() {
    if (path.empty()) return;
    FILE* file = fopen(path.c_str(), "w");
    if (!file) {
      fprintf(stderr, "stand-in CUDA: STANDIN_REPORT: %s cannot be written\n", path.c_str());
      return;
    }
    const char* separator = "";
    fprintf(file, "{\n  \"launches\": {");
    for (auto& [name, of] : launches) {
      fprintf(file, "%s\n    \"%s\": {\"count\": %lu, \"threads\": %lu, \"seconds\": %.6f}", separator, name.c_str(), of.count, of.threads, of.seconds);
      separator = ",";
    }
    const MemoryTotals memory = memory_totals();
    fprintf(file, "\n  },\n  \"memory\": {\"peak\": %lu, \"allocations\": %lu, \"bytes_left\": %lu},\n", memory.most_used, memory.allocations, memory.used);
    fprintf(file, "  \"copies\": {\n");
    line(file, "to_device", copies[int(Direction::ToDevice)], ",");
    line(file, "from_device", copies[int(Direction::FromDevice)], ",");
    line(file, "on_device", copies[int(Direction::OnDevice)], "");
    fprintf(file, "  },\n  \"fills\": {\"count\": %lu, \"bytes\": %lu}\n}\n", fills.count, fills.bytes);
    fclose(file);
  }
  static void line(FILE* file, const char* name, const Moved& moved, const char* after) {
    fprintf(file, "    \"%s\": {\"count\": %lu, \"bytes\": %lu}%s\n", name, moved.count, moved.bytes, after);
  }
} totals;

static void add(Moved& moved, uint64_t bytes) { moved.count++, moved.bytes += bytes; }
void count_copy(Direction direction, uint64_t bytes) { add(totals.copies[int(direction)], bytes); }
void count_fill(uint64_t bytes) { add(totals.fills, bytes); }

void count_launch(const std::string& name, uint64_t threads, double seconds) {
  Launched& of = totals.launches[name];
  of.count++, of.threads += threads, of.seconds += seconds;
  if (settings().trace) fprintf(stderr, "stand-in CUDA: %s, %lu threads, %.6f s\n", name.c_str(), threads, seconds);
}
