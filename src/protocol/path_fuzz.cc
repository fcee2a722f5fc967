// A canonical path stays as it is when it is made canonical again, under the same and under no stricter rules, and
// holds nothing that two readers could take differently.
#include <cstdint>
#include <string>

#include "base/text.h"
#include "protocol/authority.h"
#include "protocol/bytes/fuzz_input.h"
#include "protocol/path.h"

namespace ripstop::protocol {
namespace {

void require_safe(std::string_view path, const PathRules& rules) {
  require(path.starts_with('/') && check_target_text(path) == Fault::kNone);
  require(path.find('\\') == std::string_view::npos && path.find("%00") == std::string_view::npos);
  if (rules.merge_slashes) require(path.find("//") == std::string_view::npos);
  if (rules.escaped_slashes != PathRules::EscapedSlashes::kKeep) {
    for (const std::string_view slash : {"%2F", "%2f", "%5C", "%5c"}) {
      require(path.find(slash) == std::string_view::npos);
    }
  }
  if (!rules.normalize) return;
  for (const std::string_view segment : split(path, '/')) {
    require(segment != "." && segment != ".." && !segment.starts_with(".;") && !segment.starts_with("..;"));
  }
  require(path.find("%2e") == std::string_view::npos && path.find("%2E") == std::string_view::npos);
}

}  // namespace
}  // namespace ripstop::protocol

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace ripstop::protocol;
  const FuzzInput input(bytes, size);
  const auto authority = parse_authority(input.text);
  if (authority) require(input.text.starts_with(authority->host) && !authority->host.empty());

  const std::string path = "/" + std::string(input.text);
  if (check_target_text(path) != Fault::kNone || path.find('?') != std::string::npos) return 0;
  PathRules rules;
  rules.normalize = (input.option & 1) == 0;
  rules.merge_slashes = (input.option & 2) != 0;
  rules.escaped_slashes = static_cast<PathRules::EscapedSlashes>(input.option / 4 % 3);
  std::string storage;
  const CanonicalPath once = canonicalize_path(path, rules, storage);
  if (once.fault != Fault::kNone) return 0;
  require_safe(once.path, rules);
  std::string storage_again;
  const CanonicalPath twice = canonicalize_path(once.path, rules, storage_again);
  require(twice.fault == Fault::kNone && twice.path == once.path);
  return 0;
}
