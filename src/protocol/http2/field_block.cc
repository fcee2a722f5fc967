#include "protocol/http2/field_block.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "protocol/bytes/put.h"

namespace ripstop::protocol {
namespace {

constexpr size_t kFirstRoom = 256;

}  // namespace

FieldBlock& FieldBlock::operator=(const FieldBlock& other) {
  if (this == &other) return *this;
  clear();
  put(grow(other.size_), other.text());
  slots_ = other.slots_;
  is_checked_ = other.is_checked_;
  return *this;
}

// Where the next `bytes` of the text go.
char* FieldBlock::grow(size_t bytes) {
  const size_t needed = size_ + bytes;
  if (needed > text_.size()) text_.resize(std::max({needed, 2 * text_.size(), kFirstRoom}));
  return text_.data() + std::exchange(size_, needed);
}

void FieldBlock::add(std::string_view name, std::string_view value) {
  add(name, value, {});
}

void FieldBlock::add(std::string_view name, std::string_view value, std::string_view more) {
  is_checked_ = false;
  const size_t value_size = value.size() + more.size();
  slots_.push_back(
      {static_cast<uint32_t>(size_), static_cast<uint32_t>(name.size()), static_cast<uint32_t>(value_size)});
  put(put(put(grow(name.size() + value_size), name), value), more);
}

void FieldBlock::add_lower(std::string_view name, std::string_view value) {
  const size_t at = size_;
  add(name, value, {});
  char* const begin = text_.data() + at;
  std::transform(begin, begin + name.size(), begin, ascii_lower);
}

void FieldBlock::add_all(const FieldBlock& other) {
  for (size_t i = 0; i < other.count(); ++i) add(other.at(i).name, other.at(i).value);
}

void FieldBlock::clear() {
  size_ = 0;
  slots_.clear();
  is_checked_ = false;
}

FieldBlock::View FieldBlock::at(size_t index) const {
  const Slot& slot = slots_[index];
  const char* name = text_.data() + slot.at;
  return {{name, slot.name_size}, {name + slot.name_size, slot.value_size}};
}

std::optional<std::string_view> FieldBlock::find(std::string_view name) const {
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (at(i).name == name) return at(i).value;
  }
  return std::nullopt;
}

}  // namespace ripstop::protocol
