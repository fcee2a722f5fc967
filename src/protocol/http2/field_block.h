// The fields of one HTTP/2 header block, in order, pseudo-fields first, in one contiguous text.
//
// Names are lower case. Views into the text are valid until the block changes or is destroyed; moving it keeps none.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace ripstop::protocol {

class FieldBlock {
 public:
  struct View {
    std::string_view name;
    std::string_view value;
  };
  // Where a field lies in text(): the value follows its name at once.
  struct Slot {
    uint32_t at;
    uint32_t name_size;
    uint32_t value_size;
  };

  FieldBlock() = default;
  FieldBlock(const FieldBlock& other) { *this = other; }
  FieldBlock& operator=(const FieldBlock& other);
  FieldBlock(FieldBlock&& other) noexcept { swap(other); }
  FieldBlock& operator=(FieldBlock&& other) noexcept {
    swap(other);
    other.clear();
    return *this;
  }
  ~FieldBlock() = default;
  FieldBlock(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    for (const auto& [name, value] : fields) add(name, value);
  }

  void add(std::string_view name, std::string_view value);
  // The value is `value` with `more` behind it.
  void add(std::string_view name, std::string_view value, std::string_view more);
  // The name in lower case.
  void add_lower(std::string_view name, std::string_view value);
  // Adds every field of `other`.
  void add_all(const FieldBlock& other);
  void clear();
  void swap(FieldBlock& other) noexcept {
    text_.swap(other.text_);
    std::swap(size_, other.size_);
    slots_.swap(other.slots_);
    std::swap(is_checked_, other.is_checked_);
  }
  // Whoever filled the block has seen to it that names are tokens in lower case and values hold neither control bytes
  // nor white space at their ends, so that nobody need look again. Holds until the block changes.
  void mark_checked() { is_checked_ = true; }
  [[nodiscard]] bool is_checked() const { return is_checked_; }

  [[nodiscard]] size_t count() const { return slots_.size(); }
  [[nodiscard]] bool is_empty() const { return slots_.empty(); }
  // Some fields can be added without allocating.
  [[nodiscard]] bool has_room() const { return slots_.capacity() != 0; }
  [[nodiscard]] View at(size_t index) const;
  // The first of that name, exactly as written.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  // The size as SETTINGS_MAX_HEADER_LIST_SIZE counts it: 32 bytes for every field and its text (RFC 9113 6.5.2).
  [[nodiscard]] size_t accounted_bytes() const { return size_ + 32 * slots_.size(); }

  // For codecs that want to refer to the fields without copying them.
  [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }
  [[nodiscard]] const std::vector<Slot>& slots() const { return slots_; }

 private:
  char* grow(size_t bytes);

  std::vector<char> text_;  // the first size_ bytes of it, the rest is room
  size_t size_ = 0;
  std::vector<Slot> slots_;
  bool is_checked_ = false;
};

}  // namespace ripstop::protocol
