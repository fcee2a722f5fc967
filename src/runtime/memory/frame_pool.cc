#include "runtime/memory/frame_pool.h"

#include <array>
#include <new>
#include <utility>

namespace ripstop::runtime {
namespace {

constexpr size_t kStep = 64;
constexpr size_t kLargest = 4096;
constexpr size_t kClasses = kLargest / kStep;
constexpr size_t kKeptPerClass = 1024;

// Sanitizers must see every frame come and go.
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif

struct FreeFrame {
  FreeFrame* next;
};

struct FreeLists {
  std::array<FreeFrame*, kClasses> heads{};
  std::array<size_t, kClasses> counts{};
  size_t fresh = 0;

  ~FreeLists() {
    for (FreeFrame* head : heads) {
      while (head != nullptr) ::operator delete(std::exchange(head, head->next));
    }
  }
};

thread_local FreeLists lists;

size_t class_of(size_t size) {
  return (size - 1) / kStep;
}

}  // namespace

void* allocate_frame(size_t size) {
  if (!kPooled || size > kLargest) {
    ++lists.fresh;
    return ::operator new(size);
  }
  const size_t index = class_of(size);
  if (FreeFrame* frame = lists.heads[index]; frame != nullptr) {
    lists.heads[index] = frame->next;
    --lists.counts[index];
    return frame;
  }
  ++lists.fresh;
  return ::operator new((index + 1) * kStep);
}

void free_frame(void* frame, size_t size) noexcept {
  const size_t index = size > kLargest ? 0 : class_of(size);
  if (!kPooled || size > kLargest || lists.counts[index] >= kKeptPerClass) {
    ::operator delete(frame);
    return;
  }
  lists.heads[index] = new (frame) FreeFrame{lists.heads[index]};
  ++lists.counts[index];
}

size_t fresh_frames() {
  return lists.fresh;
}

}  // namespace ripstop::runtime
