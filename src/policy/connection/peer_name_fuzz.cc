// Names out of a hostile certificate: no name with a NUL passes, and none of one type passes for the other.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "policy/connection/peer_name.h"

namespace ripstop::policy {
namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void run(std::string_view input) {
  const size_t end = input.find('\n');
  if (end == std::string_view::npos || end == 0) return;
  const model::StringMatch pattern{static_cast<model::MatchKind>(static_cast<unsigned char>(input[0]) % 7),
                                   std::string(input.substr(1, end - 1))};
  const auto names = PeerNames::compile({&pattern, 1});
  if (!names) return;
  const std::string_view text = input.substr(end + 1);
  const SubjectName dns{SubjectName::Type::kDns, text};
  const SubjectName uri{SubjectName::Type::kUri, text};
  const bool as_dns = names->check({&dns, 1}).has_value();
  const bool as_uri = names->check({&uri, 1}).has_value();
  check(!as_dns || text.find_first_of(std::string_view("\0/: ", 4)) == std::string_view::npos);
  check(!as_uri || (text.find('\0') == std::string_view::npos && text.find(':') != std::string_view::npos));
  check(!(as_dns && as_uri));
}

}  // namespace
}  // namespace ripstop::policy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ripstop::policy::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
