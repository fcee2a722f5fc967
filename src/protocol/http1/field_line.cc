#include "protocol/http1/field_line.h"

#include "protocol/bytes/byte_class.h"

namespace ripstop::protocol {
namespace {

constexpr size_t kMaxName = 1024;

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

// Why the name, which ends at `stop` where no colon is, is refused.
Fault name_fault(std::string_view line, size_t stop, bool first) {
  if (stop == 0 && is_space(line[0])) return first ? Fault::kLeadingWhitespace : Fault::kObsFold;
  const size_t colon = line.find(':', stop);
  if (colon == std::string_view::npos) return Fault::kColonMissing;
  if (line.find_first_not_of(" \t", stop) == colon) return Fault::kSpaceBeforeColon;
  return Fault::kFieldNameSyntax;
}

}  // namespace

Fault parse_field_line(std::string_view buffer, size_t begin, size_t size, bool first, Fields& fields) {
  // Searching past the line is harmless, since the CR stops it, and lets the search use whole registers.
  const size_t name_size = find_outside(kTokenBytes, buffer.substr(begin));
  const std::string_view line = buffer.substr(begin, size);
  if (name_size >= size || line[name_size] != ':') return name_fault(line, std::min(name_size, size), first);
  if (name_size == 0) return Fault::kFieldNameEmpty;
  if (name_size > kMaxName) return Fault::kFieldNameTooLong;
  size_t value = name_size + 1;
  size_t end = size;
  while (value < end && is_space(line[value])) ++value;
  while (end > value && is_space(line[end - 1])) --end;
  const bool one_space = value == name_size + 2 && line[value - 1] == ' ';
  fields.push_received({.name_at = static_cast<uint32_t>(begin),
                        .value_at = static_cast<uint32_t>(begin + value),
                        .value_size = static_cast<uint32_t>(end - value),
                        .name_size = static_cast<uint16_t>(name_size),
                        .id = identify(line.substr(0, name_size)),
                        .flags = one_space && end == size ? Fields::kCanonical : uint8_t{0}});
  return Fault::kNone;
}

}  // namespace ripstop::protocol
