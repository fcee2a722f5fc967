// The header fields of one message: as received, plus the edits made on the way through. One model for HTTP/1 and
// HTTP/2, for routing, authorization and the message that goes on.
//
// Received fields are kept as offsets into the caller's contiguous buffer (16 bytes a field, no copies); fields that
// are added are kept in text of our own. So forwarding copies long unchanged runs of the original block and reads an
// edit list only where there is one. Reuse one object per connection or worker: clear() keeps all capacity, and then
// nothing is allocated on the steady path.
//
// Ownership: views are valid until the next change of this object, and those of received fields while the buffer
// neither moves nor changes; rebase() tells of a move. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/field_id.h"

namespace ripstop::protocol {

struct Field {
  std::string_view name;  // as received; compare without regard to case
  std::string_view value;
  FieldId id = FieldId::kOther;
};

class Fields {
 public:
  class Iterator;

  void clear();

  // The kept fields in order of arrival, added ones last.
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] Iterator end() const;
  // O(count).
  [[nodiscard]] size_t size() const;

  // The first kept field of that name.
  [[nodiscard]] std::optional<std::string_view> find(FieldId id) const;
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  // O(1).
  [[nodiscard]] bool has(FieldId id) const { return (present_ >> static_cast<unsigned>(id) & 1) != 0; }
  // Any of the ids whose bits (1 << id) are set.
  [[nodiscard]] bool has_any(uint64_t ids) const { return (present_ & ids) != 0; }
  // All values of that name joined by ", " (RFC 9110 section 5.3), in `storage` when there is more than one.
  [[nodiscard]] std::optional<std::string_view> combined(std::string_view name, std::string& storage) const;

  // Drops every field of that name; how many there were.
  size_t drop(FieldId id);
  size_t drop(std::string_view name);
  // Adds a field at the end. Name and value are copied; white space around the value is removed. False, and nothing is
  // added, when the name is not a token or the value holds a control byte: this is where injection ends.
  [[nodiscard]] bool append(std::string_view name, std::string_view value);
  [[nodiscard]] bool append(FieldId id, std::string_view value);  // id: not kOther
  // drop and append.
  [[nodiscard]] bool set(std::string_view name, std::string_view value);
  [[nodiscard]] bool set(FieldId id, std::string_view value);

  // --- for codecs ---------------------------------------------------------------------------------------------------

  struct Slot {
    uint32_t name_at;
    uint32_t value_at;
    uint32_t value_size;
    uint16_t name_size;
    FieldId id;
    uint8_t flags;
  };
  static constexpr uint8_t kDropped = 1;
  // The text is not in the buffer but in our own.
  static constexpr uint8_t kAdded = 2;
  // The line reads exactly "name: value\r\n", so it may be copied whole.
  static constexpr uint8_t kCanonical = 4;

  // Where the buffer that received fields lie in begins (now).
  void rebase(const char* buffer) { buffer_ = buffer; }
  // Offsets are relative to the buffer; the bytes were validated by the codec.
  void push_received(Slot slot);
  [[nodiscard]] const std::vector<Slot>& slots() const { return slots_; }
  [[nodiscard]] Field at(const Slot& slot) const;
  void drop_slot(size_t index);
  // The bytes the slot's offsets count from.
  [[nodiscard]] const char* origin(const Slot& slot) const {
    return (slot.flags & kAdded) != 0 ? added_.data() : buffer_;
  }
  // No fewer than encode() writes.
  [[nodiscard]] size_t encoded_bound() const { return received_bytes_ + added_.size(); }
  // Writes the kept fields but those whose id's bit is set in `except`, each as "name: value\r\n", without the empty
  // line that ends a head; returns the end.
  char* encode(char* out, uint64_t except = 0) const;

 private:
  size_t drop_other(std::string_view name);
  void push_added(FieldId id, std::string_view name, std::string_view value);
  void append_line(std::string_view name, std::string_view value);
  void forget(FieldId id);

  const char* buffer_ = nullptr;
  std::vector<Slot> slots_;
  std::string added_;
  uint64_t present_ = 0;
  size_t received_bytes_ = 0;
};

class Fields::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Field;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = Field;

  Iterator() = default;
  Iterator(const Fields* fields, size_t index) : fields_(fields), index_(index) { skip_dropped(); }
  Field operator*() const { return fields_->at(fields_->slots_[index_]); }
  Iterator& operator++() {
    ++index_;
    skip_dropped();
    return *this;
  }
  Iterator operator++(int) {
    const Iterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  void skip_dropped() {
    while (index_ < fields_->slots_.size() && (fields_->slots_[index_].flags & kDropped) != 0) ++index_;
  }

  const Fields* fields_ = nullptr;
  size_t index_ = 0;
};

inline Fields::Iterator Fields::begin() const {
  return {this, 0};
}
inline Fields::Iterator Fields::end() const {
  return {this, slots_.size()};
}

}  // namespace ripstop::protocol
