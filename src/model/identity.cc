#include "model/identity.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace ripstop::model {
namespace {

constexpr size_t kMaxSpiffeIdBytes = 2048;  // SPIFFE-ID, section 2.3

bool is_trust_domain(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

bool is_path_segment(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
}

}  // namespace

Result<Identity> Identity::parse(std::string_view spiffe_id) {
  static constexpr std::string_view kScheme = "spiffe://";
  if (spiffe_id.size() > kMaxSpiffeIdBytes || !spiffe_id.starts_with(kScheme)) {
    return fail(ErrorCode::kParse, "a SPIFFE ID starts with spiffe:// and has at most 2048 bytes");
  }
  const std::vector<std::string_view> parts = split(spiffe_id.substr(kScheme.size()), '/');
  if (parts.size() != 5 || parts[1] != "ns" || parts[3] != "sa") {
    return fail(ErrorCode::kParse, "a mesh identity has the form spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT");
  }
  if (!is_trust_domain(parts[0])) return fail(ErrorCode::kParse, "the trust domain of the SPIFFE ID is not valid");
  if (!is_path_segment(parts[2]) || !is_path_segment(parts[4])) {
    return fail(ErrorCode::kParse, "the namespace or service account of the SPIFFE ID is not valid");
  }
  return Identity{std::string(parts[0]), std::string(parts[2]), std::string(parts[4])};
}

std::string Identity::to_string() const {
  return "spiffe://" + trust_domain + "/ns/" + ns + "/sa/" + service_account;
}

}  // namespace ripstop::model
