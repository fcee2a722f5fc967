#include "protocol/http2/field_block.h"

#include <algorithm>

#include "base/text.h"
#include "protocol/bytes/put.h"

namespace ripstop::protocol {

void FieldBlock::add(std::string_view name, std::string_view value) {
  add(name, value, {});
}

void FieldBlock::add(std::string_view name, std::string_view value, std::string_view more) {
  is_checked_ = false;
  const size_t at = text_.size();
  const size_t value_size = value.size() + more.size();
  slots_.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(name.size()), static_cast<uint32_t>(value_size)});
  text_.resize_and_overwrite(at + name.size() + value_size, [&](char* text, size_t size) {
    char* const end = put(put(text + at, name), value);
    put(end, more);
    return size;
  });
}

void FieldBlock::add_lower(std::string_view name, std::string_view value) {
  const auto at = static_cast<std::ptrdiff_t>(text_.size());
  add(name, value, {});
  const auto begin = text_.begin() + at;
  std::transform(begin, begin + static_cast<std::ptrdiff_t>(name.size()), begin, ascii_lower);
}

void FieldBlock::add_all(const FieldBlock& other) {
  for (size_t i = 0; i < other.count(); ++i) add(other.at(i).name, other.at(i).value);
}

void FieldBlock::clear() {
  text_.clear();
  slots_.clear();
  is_checked_ = false;
}

FieldBlock::View FieldBlock::at(size_t index) const {
  const Slot& slot = slots_[index];
  const std::string_view text = text_;
  return {text.substr(slot.at, slot.name_size), text.substr(slot.at + slot.name_size, slot.value_size)};
}

std::optional<std::string_view> FieldBlock::find(std::string_view name) const {
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (at(i).name == name) return at(i).value;
  }
  return std::nullopt;
}

}  // namespace ripstop::protocol
