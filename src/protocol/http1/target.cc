#include "protocol/http1/target.h"

#include <algorithm>

#include "base/text.h"
#include "protocol/authority.h"
#include "protocol/path.h"

namespace ripstop::protocol {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;

struct Host {
  Fault fault = Fault::kNone;
  std::string_view text;
  Authority authority;
};

Host read_host(const Fields& fields) {
  const auto text = fields.find(FieldId::kHost);
  if (!text || text->empty()) return {.fault = Fault::kHostMissing};
  size_t count = 0;
  for (const Fields::Slot& slot : fields.slots()) count += slot.id == FieldId::kHost ? 1 : 0;
  if (count != 1) return {.fault = Fault::kHostRepeated};
  const auto authority = parse_authority(*text);
  if (!authority) return {.fault = Fault::kHostSyntax};
  return {.text = *text, .authority = *authority};
}

void set_lower_authority(RequestHead& head, std::string_view text) {
  head.authority = text;
  if (std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'Z'; })) return;
  head.storage.authority.assign(text);
  std::ranges::transform(head.storage.authority, head.storage.authority.begin(), ascii_lower);
  head.authority = head.storage.authority;
}

Fault settle_connect(RequestHead& head, const Host& host) {
  head.form = TargetForm::kAuthority;
  const auto authority = parse_authority(head.target);
  if (!authority || authority->port == 0) return Fault::kTargetForm;
  if (!same_authority(*authority, host.authority, authority->port)) return Fault::kHostMismatch;
  set_lower_authority(head, head.target);
  return Fault::kNone;
}

Fault settle_asterisk(RequestHead& head, const Host& host) {
  if (head.method_kind != Method::kOptions) return Fault::kTargetForm;
  head.form = TargetForm::kAsterisk;
  head.path = "*";
  set_lower_authority(head, host.text);
  return Fault::kNone;
}

Fault settle_absolute(RequestHead& head, const Host& host, const PathRules& rules) {
  const size_t colon = head.target.find("://");
  if (colon == std::string_view::npos) return Fault::kTargetForm;
  const std::string_view scheme = head.target.substr(0, colon);
  const bool https = equals_ignore_case(scheme, "https");
  if (!https && !equals_ignore_case(scheme, "http")) return Fault::kSchemeUnsupported;
  const std::string_view rest = head.target.substr(colon + 3);
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  const auto authority = parse_authority(rest.substr(0, end));
  if (!authority) return Fault::kHostSyntax;
  if (!same_authority(*authority, host.authority, https ? kHttpsPort : kHttpPort)) return Fault::kHostMismatch;
  head.form = TargetForm::kAbsolute;
  head.scheme = https ? "https" : "http";
  set_lower_authority(head, rest.substr(0, end));
  const std::string_view tail = rest.substr(end);
  if (tail.empty() && head.method_kind == Method::kOptions) {
    head.path = "*";
    return Fault::kNone;
  }
  if (tail.starts_with('/')) return settle_path(tail, rules, head);
  head.path = "/";
  head.query = tail;
  return Fault::kNone;
}

}  // namespace

Fault settle_target(RequestHead& head, const PathRules& rules) {
  Fault fault = check_target_text(head.target);
  if (fault != Fault::kNone) return fault;
  const Host host = read_host(head.fields);
  if (host.fault != Fault::kNone) return host.fault;
  if (head.method_kind == Method::kConnect) return settle_connect(head, host);
  if (head.target == "*") return settle_asterisk(head, host);
  if (!head.target.starts_with('/')) return settle_absolute(head, host, rules);
  head.form = TargetForm::kOrigin;
  set_lower_authority(head, host.text);
  return settle_path(head.target, rules, head);
}

Fault settle_path(std::string_view path_and_query, const PathRules& rules, RequestHead& head) {
  const size_t mark = std::min(path_and_query.find('?'), path_and_query.size());
  const CanonicalPath canonical = canonicalize_path(path_and_query.substr(0, mark), rules, head.storage.path);
  head.path = canonical.path;
  head.query = path_and_query.substr(mark);
  return canonical.fault;
}

}  // namespace ripstop::protocol
