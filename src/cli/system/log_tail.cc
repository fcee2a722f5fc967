#include "cli/system/log_tail.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "base/text.h"
#include "runtime/file.h"

namespace ripstop::cli {

std::string last_lines(const std::string& path, size_t count) {
  const Result<std::string> text = runtime::read_file(path);
  if (!text) return {};
  std::vector<std::string_view> lines = split(*text, '\n');
  while (!lines.empty() && trim(lines.back()).empty()) lines.pop_back();
  std::string last;
  for (size_t index = lines.size() > count ? lines.size() - count : 0; index < lines.size(); ++index) {
    last += fmt::format("\n  {}", lines[index]);
  }
  return last;
}

}  // namespace ripstop::cli
