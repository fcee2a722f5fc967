#include "protocol/authority.h"

#include "base/address.h"
#include "base/text.h"
#include "protocol/bytes/byte_class.h"

namespace ripstop::protocol {
namespace {

constexpr ByteClass kNameBytes = kAlphanumeric.with("-._");
constexpr size_t kMaxHost = 255;

// Length of the host at the front of `text`, 0 when there is none.
size_t host_size(std::string_view text) {
  if (!text.starts_with('[')) return find_outside(kNameBytes, text);
  const size_t close = text.find(']');
  if (close == std::string_view::npos) return 0;
  const auto address = IpAddress::parse(text.substr(1, close - 1));
  return address && !address->is_v4() ? close + 1 : 0;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  const size_t size = host_size(text);
  if (size == 0 || size > kMaxHost) return std::nullopt;
  Authority authority{.host = text.substr(0, size)};
  if (authority.host.starts_with('.')) return std::nullopt;
  if (size == text.size()) return authority;
  const std::string_view digits = text.substr(size + 1);
  if (text[size] != ':' || digits.size() > 5 || digits.starts_with('0')) return std::nullopt;
  const auto port = parse_number<uint16_t>(digits);
  if (!port) return std::nullopt;
  authority.port = *port;
  return authority;
}

bool same_authority(const Authority& left, const Authority& right, uint16_t default_port) {
  const auto port_of = [&](const Authority& authority) { return authority.port != 0 ? authority.port : default_port; };
  return port_of(left) == port_of(right) && equals_ignore_case(left.host, right.host);
}

}  // namespace ripstop::protocol
