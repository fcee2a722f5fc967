// The nftables rulesets as text for `nft -f -`. Pure. Each is one transaction that replaces the table as a whole, so
// applying it twice is the same as once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"

namespace ripstop::cli {

inline constexpr uint16_t kOutboundCapturePort = 15001;
inline constexpr uint16_t kInboundCapturePort = 15006;
inline constexpr uint16_t kDnsCapturePort = 15053;
inline constexpr std::string_view kTableName = "ripstop";

// For a member's own namespace, which holds nothing but the application: all TCP goes to the outbound port and all DNS
// to the DNS port, also towards resolvers on loopback addresses; the rest of loopback stays the application's own.
[[nodiscard]] std::string member_ruleset();

// For a namespace that proxy and application share, such as a pod's.
struct Redirection {
  std::optional<uint32_t> proxy_user;  // whose connections are left alone; one of the two is needed
  std::optional<uint32_t> proxy_group;
  std::vector<uint16_t> excluded_inbound_ports;
  std::vector<uint16_t> excluded_outbound_ports;
  std::vector<CidrBlock> excluded_outbound_blocks;
  bool captures_dns = true;
};
[[nodiscard]] std::string redirect_ruleset(const Redirection& redirection);

// Removes either, also when there is none.
[[nodiscard]] std::string removal_ruleset();

}  // namespace ripstop::cli
