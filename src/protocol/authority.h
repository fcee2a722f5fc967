// Host and port of a request: the Host field, the authority of a target, and HTTP/2's :authority.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ripstop::protocol {

// Views into the parsed text.
struct Authority {
  // A name, an IPv4 address, or an IPv6 address in its brackets; letters as received.
  std::string_view host;
  // 0 when none was given.
  uint16_t port = 0;
};

// Stricter than RFC 3986: a name is made of letters, digits, '-', '.' and '_'; no user information, no escapes, no IPv6
// scope, no port without digits. nullopt for anything else, the empty text included.
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text);

// Same host without regard to case, and same port, where a missing port means `default_port`.
[[nodiscard]] bool same_authority(const Authority& left, const Authority& right, uint16_t default_port);

}  // namespace ripstop::protocol
