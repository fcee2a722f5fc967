// Replaces operator new by one that counts, for the whole program: included by one file of a test program, once.
#pragma once

#include <cstdlib>
#include <new>

#include "base/testing/allocations.h"

namespace ripstop {
namespace {

thread_local uint64_t allocations = 0;

[[maybe_unused]] void* counted(size_t size) {
  ++allocations;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

// NOLINTNEXTLINE(misc-definitions-in-headers): one file of a program includes this
uint64_t allocations_so_far() {
  return allocations;
}

}  // namespace ripstop

#if !__has_feature(thread_sanitizer)
// NOLINTBEGIN(misc-definitions-in-headers): the same
void* operator new(size_t size) {
  return ripstop::counted(size);
}
void* operator new[](size_t size) {
  return ripstop::counted(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  std::free(memory);
}
// NOLINTEND(misc-definitions-in-headers)
#endif
