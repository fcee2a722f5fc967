#include "runtime/memory/text_pool.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace ripstop::runtime {
namespace {

// Sanitizers must see every text come and go.
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr size_t kKept = 0;
#else
constexpr size_t kKept = 1024;
#endif
// What a string holds by itself is not worth keeping.
constexpr size_t kSmallest = 32;
constexpr size_t kLargest = 4096;

std::vector<std::string>& spare_texts() {
  static thread_local std::vector<std::string> texts;
  return texts;
}

}  // namespace

void take_text(std::string& text) {
  if (text.capacity() >= kSmallest) return;
  auto& spare = spare_texts();
  if (spare.empty()) return;
  text = std::move(spare.back());
  spare.pop_back();
}

void give_text(std::string& text) {
  if (text.capacity() < kSmallest) return text.clear();
  auto& spare = spare_texts();
  if (text.capacity() > kLargest || spare.size() >= kKept) {
    text = {};
    return;
  }
  text.clear();
  spare.push_back(std::move(text));
  text.clear();
}

}  // namespace ripstop::runtime
