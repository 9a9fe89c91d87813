#include "modules.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "api.h"
#include "fiber.h"
#include "memory.h"
#include "settings.h"
#include "state.h"

// Stacks have an end that nothing guards: a kernel whose frame comes near it does not compile.
static const std::string FRAMES = "-Werror=frame-larger-than=" + std::to_string(STACK / 4) + " ";

// The folder of this library.
static std::string beside() {
  Dl_info info;
  dladdr(reinterpret_cast<void*>(beside), &info);
  std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/') + 1);
}

static uint64_t digest(const char* text) {
  uint64_t hash = 14695981039346656037ull;
  for (; *text; text++) hash = (hash ^ static_cast<unsigned char>(*text)) * 1099511628211ull;
  return hash;
}

// The compiled module of PTX text, kept for the next program in `modules` beside this library. Empty if it cannot be made.
static std::string compiled(const char* ptx) {
  const std::string folder = beside() + "modules", sources = STANDIN_SOURCES;
  mkdir(folder.c_str(), 0777);
  char name[32];
  snprintf(name, sizeof name, "/%016lx%s", digest(ptx), settings().watch_shared ? "-watch" : "");
  const std::string base = folder + name, library = base + ".so";
  // Programs that load the same module at once: the first compiles it.
  const int held = open((base + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
  if (held < 0 || flock(held, LOCK_EX)) return "";
  bool made = !access(library.c_str(), R_OK);
  if (!made) {
    FILE* file = fopen((base + ".ptx").c_str(), "w");
    fputs(ptx, file);
    fclose(file);
    const std::string flags = "-std=c++17 -O2 -march=native -ffp-contract=off -fno-strict-aliasing -fPIC -shared " + FRAMES +
                              (settings().watch_shared ? "-DSTANDIN_WATCH_SHARED " : "");
    const std::string command = "python3 -B '" + sources + "/translate' '" + base + ".ptx' '" + base + ".cpp' && g++ " + flags + "-I'" + sources +
                                "/kernel' '" + base + ".cpp' '" + beside() + "libcuda.so' -o '" + base + ".part' && mv '" + base + ".part' '" + library + "'";
    // The compiler must not be handed this program's libraries.
    made = !system(("unset LD_LIBRARY_PATH LD_PRELOAD; " + command).c_str());
  }
  close(held);
  return made ? library : "";
}

API Result cuModuleLoadData(Module** out, const char* ptx) {
  std::lock_guard guard(lock);
  if (!has_context()) return INVALID_CONTEXT;
  if (!strstr(ptx, ".version")) return INVALID_PTX;
  const std::string library = compiled(ptx);
  if (library.empty()) return INVALID_PTX;
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    fprintf(stderr, "stand-in CUDA: %s\n", dlerror());
    return INVALID_PTX;
  }
  using Each = void (*)(const void*, size_t);
  reinterpret_cast<void (*)(Each)>(dlsym(handle, "standin_variables"))(add_variable);
  *out = new Module{handle, {}};
  return OK;
}

// The code stays: another load of the same text may use it.
API Result cuModuleUnload(Module* module) {
  std::lock_guard guard(lock);
  delete module;
  return OK;
}

API Result cuModuleGetFunction(const Function** out, Module* module, const char* name) {
  std::lock_guard guard(lock);
  auto symbol = [&](const std::string& of) { return dlsym(module->library, of.c_str()); };
  const std::string text = name;
  void* run = symbol("kernel_" + text);
  if (!run) return NOT_FOUND;
  Function& function = module->functions[text];
  function.name = text;
  function.run = reinterpret_cast<void (*)(void**, Thread*)>(run);
  function.shared_bytes = *static_cast<uint32_t*>(symbol("shared_" + text));
  function.sites = *static_cast<uint32_t*>(symbol("standin_sites"));
  if (function.shared_bytes > SHARED_BYTES) {
    fprintf(stderr, "stand-in CUDA: %s wants %u bytes of shared memory, a block has %u\n", name, function.shared_bytes, SHARED_BYTES);
    return INVALID_PTX;
  }
  *out = &function;
  return OK;
}
