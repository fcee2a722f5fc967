#include "protocol/fields.h"

#include <algorithm>

#include "base/text.h"
#include "protocol/bytes/byte_class.h"
#include "protocol/bytes/put.h"

namespace ripstop::protocol {
namespace {

// ": " and CR LF.
constexpr size_t kLineOverhead = 4;

size_t line_size(const Fields::Slot& slot) {
  return size_t{slot.name_size} + slot.value_size + kLineOverhead;
}

bool is_name(std::string_view name) {
  return is_token(name) && name.size() <= UINT16_MAX;
}

bool is_value(std::string_view value) {
  return find_control(value) == value.size();
}

}  // namespace

void Fields::clear() {
  slots_.clear();
  added_.clear();
  present_ = 0;
  received_bytes_ = 0;
  buffer_ = nullptr;
}

size_t Fields::size() const {
  size_t kept = 0;
  for (const Slot& slot : slots_) kept += (slot.flags & kDropped) == 0 ? 1 : 0;
  return kept;
}

Field Fields::at(const Slot& slot) const {
  const char* base = origin(slot);
  return {{base + slot.name_at, slot.name_size}, {base + slot.value_at, slot.value_size}, slot.id};
}

std::optional<std::string_view> Fields::find(FieldId id) const {
  if (!has(id)) return std::nullopt;
  for (const Slot& slot : slots_) {
    if (slot.id == id && (slot.flags & kDropped) == 0) return at(slot).value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
  const FieldId id = identify(name);
  if (id != FieldId::kOther) return find(id);
  for (const Field field : *this) {
    if (equals_ignore_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Fields::combined(std::string_view name, std::string& storage) const {
  std::optional<std::string_view> value;
  bool joined = false;
  for (const Field field : *this) {
    if (!equals_ignore_case(field.name, name)) continue;
    if (!value) {
      value = field.value;
      continue;
    }
    if (!joined) storage.assign(*value);
    joined = true;
    storage.append(", ").append(field.value);
  }
  if (joined) value = storage;
  return value;
}

size_t Fields::drop(FieldId id) {
  if (id == FieldId::kOther || !has(id)) return 0;
  size_t dropped = 0;
  for (Slot& slot : slots_) {
    if (slot.id != id || (slot.flags & kDropped) != 0) continue;
    slot.flags |= kDropped;
    ++dropped;
  }
  present_ &= ~bit(id);
  return dropped;
}

size_t Fields::drop(std::string_view name) {
  const FieldId id = identify(name);
  return id != FieldId::kOther ? drop(id) : drop_other(name);
}

size_t Fields::drop_other(std::string_view name) {
  size_t dropped = 0;
  for (Slot& slot : slots_) {
    if ((slot.flags & kDropped) != 0 || !equals_ignore_case(at(slot).name, name)) continue;
    slot.flags |= kDropped;
    ++dropped;
  }
  return dropped;
}

bool Fields::append(std::string_view name, std::string_view value) {
  const std::string_view trimmed = trim(value);
  if (!is_name(name) || !is_value(trimmed)) return false;
  push_added(identify(name), name, trimmed);
  return true;
}

bool Fields::append(FieldId id, std::string_view value) {
  const std::string_view trimmed = trim(value);
  if (!is_value(trimmed)) return false;
  push_added(id, field_name(id), trimmed);
  return true;
}

// What is dropped keeps its text, which name and value may be views into.
bool Fields::set(std::string_view name, std::string_view value) {
  const std::string_view trimmed = trim(value);
  if (!is_name(name) || !is_value(trimmed)) return false;
  const FieldId id = identify(name);
  id != FieldId::kOther ? drop(id) : drop_other(name);
  push_added(id, name, trimmed);
  return true;
}

bool Fields::set(FieldId id, std::string_view value) {
  const std::string_view trimmed = trim(value);
  if (!is_value(trimmed)) return false;
  drop(id);
  push_added(id, field_name(id), trimmed);
  return true;
}

void Fields::push_added(FieldId id, std::string_view name, std::string_view value) {
  const auto name_at = static_cast<uint32_t>(added_.size());
  append_line(name, value);
  slots_.push_back({.name_at = name_at,
                    .value_at = static_cast<uint32_t>(name_at + name.size() + 2),
                    .value_size = static_cast<uint32_t>(value.size()),
                    .name_size = static_cast<uint16_t>(name.size()),
                    .id = id,
                    .flags = kAdded | kCanonical});
  present_ |= bit(id);
}

// Name and value may be views into the very text that grows, so that stays alive until both are copied.
void Fields::append_line(std::string_view name, std::string_view value) {
  const size_t before = added_.size();
  const size_t needed = before + name.size() + value.size() + kLineOverhead;
  std::string larger;
  const bool grows = needed > added_.capacity();
  if (grows) {
    larger.reserve(std::max(needed, added_.capacity() * 2));
    larger = added_;
  }
  std::string& text = grows ? larger : added_;
  text.resize_and_overwrite(needed, [=](char* out, size_t size) {
    put(put(put(put(out + before, name), ": "), value), "\r\n");
    return size;
  });
  if (grows) added_.swap(larger);
}

void Fields::push_received(Slot slot) {
  slots_.push_back(slot);
  present_ |= bit(slot.id);
  received_bytes_ += line_size(slot);
}

void Fields::drop_slot(size_t index) {
  Slot& slot = slots_[index];
  slot.flags |= kDropped;
  if (slot.id == FieldId::kOther) return;
  forget(slot.id);
}

void Fields::forget(FieldId id) {
  for (const Slot& slot : slots_) {
    if (slot.id == id && (slot.flags & kDropped) == 0) return;
  }
  present_ &= ~bit(id);
}

char* Fields::encode(char* out, uint64_t except) const {
  // A run is a stretch of canonical lines that lie one behind the other in the same text.
  const char* run_begin = nullptr;
  const char* run_end = nullptr;
  const auto flush = [&] {
    if (run_begin != run_end) out = put(out, {run_begin, static_cast<size_t>(run_end - run_begin)});
    run_begin = run_end = nullptr;
  };
  for (const Slot& slot : slots_) {
    if ((slot.flags & kDropped) != 0 || (except & bit(slot.id)) != 0) continue;
    const char* line = origin(slot) + slot.name_at;
    if ((slot.flags & kCanonical) != 0) {
      if (line != run_end) {
        flush();
        run_begin = line;
      }
      run_end = line + line_size(slot);
      continue;
    }
    flush();
    const Field field = at(slot);
    out = put(put(put(put(out, field.name), ": "), field.value), "\r\n");
  }
  flush();
  return out;
}

}  // namespace ripstop::protocol
