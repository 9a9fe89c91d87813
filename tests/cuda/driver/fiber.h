// Threads that a barrier holds: each has a stack, and one runs at a time.
#pragma once
#include <cstdint>

// Bytes of a stack. Modules are compiled so that no kernel's frame is larger than a quarter of it.
static const uint64_t STACK = 64 << 10;

#ifdef __x86_64__

class Fiber {
 public:
  Fiber() = default;                            // what runs already
  Fiber(void (*main)(void*), void* argument);   // what begins with `main`, which must not return
  Fiber(const Fiber&) = delete;

  // Goes on with another, until something goes on with this one. In line: at a barrier it is most of the work.
  inline __attribute__((always_inline)) void change_to(Fiber& other) {
    uint64_t *from = &stack, *to = &other.stack;
    asm volatile(
        "pushq %%rbp\n\t"
        "leaq 1f(%%rip), %%rcx\n\t"
        "pushq %%rcx\n\t"
        "movq %%rsp, (%%rax)\n\t"
        "movq (%%rdx), %%rsp\n\t"
        "popq %%rcx\n\t"
        "jmpq *%%rcx\n"
        "1:\n\t"
        "popq %%rbp"
        : "+a"(from), "+d"(to)
        :
        : "rbx", "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
  }

 private:
  uint64_t stack = 0;  // its pointer while another runs
};

#else

#include <ucontext.h>

class Fiber {
 public:
  Fiber() = default;
  Fiber(void (*main)(void*), void* argument);
  Fiber(const Fiber&) = delete;
  void change_to(Fiber& other) { swapcontext(&context, &other.context); }

 private:
  ucontext_t context;
};

#endif
