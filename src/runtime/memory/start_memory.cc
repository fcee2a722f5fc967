#include "runtime/memory/start_memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "runtime/file.h"

namespace ripstop::runtime {
namespace {

// One mapping of /proc/PID/smaps (proc(5)): a line "begin-end perms offset device inode path", then lines "Name:
// value".
struct Mapping {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  bool is_clean_file = false;  // backed by a file, not writable
};

std::string_view next_word(std::string_view& line) {
  const size_t begin = line.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  line.remove_prefix(begin);
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

// False for a line of another kind.
bool parse_mapping(std::string_view line, Mapping& mapping) {
  const std::string_view range = next_word(line);
  const size_t dash = range.find('-');
  if (dash == std::string_view::npos || range.ends_with(':')) return false;
  const char* middle = range.data() + dash;
  const char* last = range.data() + range.size();
  if (std::from_chars(range.data(), middle, mapping.begin, 16).ptr != middle) return false;
  if (std::from_chars(middle + 1, last, mapping.end, 16).ptr != last) return false;
  const std::string_view permissions = next_word(line);
  for (int skipped = 0; skipped < 3; ++skipped) next_word(line);
  const std::string_view path = next_word(line);
  mapping.is_clean_file = path.starts_with('/') && permissions.starts_with('r') && permissions.substr(1, 1) == "-";
  return true;
}

// Relocated tables, a debugger's break points and a tracer's probes are pages of our own in the middle of a file's.
bool has_none_of_its_own(std::string_view line) {
  return next_word(line) == "Anonymous:" && next_word(line) == "0";
}

}  // namespace

void release_start_memory() {
  malloc_trim(0);
  const auto smaps = read_file("/proc/self/smaps");
  if (!smaps) return;
  Mapping mapping;
  for (std::string_view rest = *smaps; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (parse_mapping(line, mapping) || !mapping.is_clean_file || !has_none_of_its_own(line)) continue;
    madvise(reinterpret_cast<void*>(mapping.begin), mapping.end - mapping.begin, MADV_DONTNEED);
  }
}

}  // namespace ripstop::runtime
