#include "net/http2/http2_memory.h"

#include <cstddef>
#include <cstring>
#include <new>

#include "runtime/memory/frame_pool.h"

namespace ripstop::net {
namespace {

// The pool wants to be told sizes when frames come back, nghttp2 does not keep them.
struct alignas(std::max_align_t) Header {
  size_t size;  // of the frame, header included
};

constexpr size_t kStep = 64;

size_t frame_size(size_t size) {
  return (size + sizeof(Header) + kStep - 1) / kStep * kStep;
}

void* take(size_t size, void*) {
  const size_t whole = frame_size(size);
  return new (runtime::allocate_frame(whole)) Header{whole} + 1;
}

void give_back(void* memory, void*) {
  if (memory == nullptr) return;
  Header* header = static_cast<Header*>(memory) - 1;
  runtime::free_frame(header, header->size);
}

void* take_cleared(size_t count, size_t size, void* user) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) return nullptr;
  return std::memset(take(bytes, user), 0, bytes);
}

void* resize(void* memory, size_t size, void* user) {
  if (memory == nullptr) return take(size, user);
  const size_t room = (static_cast<Header*>(memory) - 1)->size - sizeof(Header);
  if (size <= room) return memory;
  void* larger = take(size, user);
  std::memcpy(larger, memory, room);
  give_back(memory, user);
  return larger;
}

}  // namespace

nghttp2_mem* http2_memory() {
  static nghttp2_mem memory{nullptr, take, give_back, take_cleared, resize};
  return &memory;
}

}  // namespace ripstop::net
