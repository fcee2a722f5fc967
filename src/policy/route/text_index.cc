#include "policy/route/text_index.h"

#include <utility>

#include "base/hash.h"

namespace ripstop::policy {
namespace {

constexpr char kEmptyKey = '\0';

}  // namespace

size_t TextIndex::position(std::string_view key) const {
  const size_t mask = slots_.size() - 1;
  size_t at = content_hash(key) & mask;
  while (slots_[at].key != nullptr && std::string_view(slots_[at].key, slots_[at].key_size) != key) {
    at = (at + 1) & mask;
  }
  return at;
}

bool TextIndex::insert(std::string_view key, uint32_t value) {
  if (slots_.size() < 2 * (size_ + 1)) grow();
  Slot& slot = slots_[position(key)];
  if (slot.key != nullptr) return false;
  slot = {key.data() == nullptr ? &kEmptyKey : key.data(), static_cast<uint32_t>(key.size()), value};
  ++size_;
  return true;
}

std::optional<uint32_t> TextIndex::find(std::string_view key) const {
  if (size_ == 0) return std::nullopt;
  const Slot& slot = slots_[position(key)];
  return slot.key == nullptr ? std::nullopt : std::optional(slot.value);
}

void TextIndex::grow() {
  std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.empty() ? 4 : slots_.size() * 2));
  for (const Slot& slot : old) {
    if (slot.key != nullptr) slots_[position({slot.key, slot.key_size})] = slot;
  }
}

}  // namespace ripstop::policy
