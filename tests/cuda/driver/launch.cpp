// Launches: their extents checked, their blocks dealt to workers.
#include <chrono>
#include <condition_variable>
#include <memory>
#include <thread>
#include "api.h"
#include "report.h"
#include "settings.h"
#include "state.h"
#include "worker.h"

// A launch of fewer threads is over before another worker has woken up.
static const uint64_t WORTH_SHARING = 4096;

// Workers beside the caller, each on a thread of this machine.
class Helpers {
 public:
  explicit Helpers(unsigned count) : idle(count) {
    for (unsigned i = 0; i < count; i++) std::thread([this] { help(); }).detach();
  }
  void begin(Launch& launch) {
    std::lock_guard guard(mutex);
    current = &launch, round++, idle = 0;
    changed.notify_all();
  }
  void finish(unsigned count) {
    std::unique_lock guard(mutex);
    changed.wait(guard, [&] { return idle == count; });
  }

 private:
  void help() {
    Worker worker;
    for (uint64_t seen = 0;;) {
      std::unique_lock guard(mutex);
      changed.wait(guard, [&] { return round != seen; });
      seen = round;
      Launch& launch = *current;
      guard.unlock();
      worker.work(launch);
      guard.lock();
      idle++;
      changed.notify_all();
    }
  }
  std::mutex mutex;
  std::condition_variable changed;
  Launch* current = nullptr;
  uint64_t round = 0;
  unsigned idle;
};

static void run(Launch& launch) {
  // In reverse, blocks run one by one: the order is the point.
  static const unsigned others = settings().reversed || settings().threads < 2 ? 0 : settings().threads - 1;
  // Neither is ever deleted: helpers sleep in theirs when the program ends.
  static Worker& caller = *new Worker;
  static Helpers& helpers = *new Helpers(others);
  const bool shared = others && launch.blocks() > 1 && launch.blocks() * launch.threads() >= WORTH_SHARING;
  if (shared) helpers.begin(launch);
  caller.work(launch);
  if (shared) helpers.finish(others);
}

API Result cuLaunchKernel(const Function* function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,
                          unsigned block_z, unsigned shared, void*, void** parameters, void** extra) {
  std::lock_guard guard(lock);
  if (!has_context()) return INVALID_CONTEXT;
  if (!function) return INVALID_HANDLE;
  const uint64_t threads = uint64_t(block_x) * block_y * block_z, blocks = uint64_t(grid_x) * grid_y * grid_z;
  if (!blocks || !threads || threads > 1024 || block_z > 64 || grid_x > 2147483647u || grid_y > 65535 || grid_z > 65535) return INVALID_VALUE;
  if (shared || extra) return NOT_SUPPORTED;
  Running now(function->name.c_str());
  const auto start = std::chrono::steady_clock::now();
  Launch launch;
  launch.function = function;
  launch.parameters = parameters;
  launch.grid[0] = grid_x, launch.grid[1] = grid_y, launch.grid[2] = grid_z;
  launch.block[0] = block_x, launch.block[1] = block_y, launch.block[2] = block_z;
  run(launch);
  count_launch(function->name, blocks * threads, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return OK;
}
