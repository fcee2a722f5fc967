#include "cli/capture/ruleset.h"

#include <fmt/format.h>

#include <algorithm>

namespace ripstop::cli {
namespace {

// Adding first makes the deletion succeed whether or not the table was there.
std::string replace_table(const std::string& chains) {
  return fmt::format("add table inet {0}\ndelete table inet {0}\ntable inet {0} {{\n{1}}}\n", kTableName, chains);
}

std::string redirect_dns(std::string_view indent) {
  return fmt::format("{0}udp dport 53 redirect to :{1}\n{0}tcp dport 53 redirect to :{1}\n", indent, kDnsCapturePort);
}

constexpr std::string_view kLeaveLoopback = "    ip daddr 127.0.0.0/8 return\n    ip6 daddr ::1 return\n";

std::string exclude_ports(std::vector<uint16_t> ports) {
  if (ports.empty()) return {};
  std::ranges::sort(ports);
  ports.erase(std::ranges::unique(ports).begin(), ports.end());
  return fmt::format("    tcp dport {{ {} }} return\n", fmt::join(ports, ", "));
}

// One set per family; nft merges what overlaps only when told to.
std::string exclude_blocks(const std::vector<CidrBlock>& blocks, bool v4) {
  std::string rules;
  for (const CidrBlock& block : blocks) {
    if (block.network.is_v4() != v4) continue;
    rules += fmt::format("    {} daddr {} return\n", v4 ? "ip" : "ip6", block.to_string());
  }
  return rules;
}

std::string exempt_proxy(const Redirection& redirection) {
  std::string rules;
  if (redirection.proxy_user) rules += fmt::format("    meta skuid {} return\n", *redirection.proxy_user);
  if (redirection.proxy_group) rules += fmt::format("    meta skgid {} return\n", *redirection.proxy_group);
  return rules;
}

std::string outbound_chain(const Redirection& redirection) {
  std::string chain = "  chain outbound {\n    type nat hook output priority -100; policy accept;\n";
  chain += exempt_proxy(redirection);
  if (redirection.captures_dns) chain += redirect_dns("    ");
  chain += kLeaveLoopback;
  // What goes to the namespace's own addresses never left it.
  chain += "    fib daddr type local return\n";
  chain += exclude_ports(redirection.excluded_outbound_ports);
  chain += exclude_blocks(redirection.excluded_outbound_blocks, true);
  chain += exclude_blocks(redirection.excluded_outbound_blocks, false);
  chain += fmt::format("    meta l4proto tcp redirect to :{}\n  }}\n", kOutboundCapturePort);
  return chain;
}

std::string inbound_chain(const Redirection& redirection) {
  std::string chain = "  chain inbound {\n    type nat hook prerouting priority -100; policy accept;\n";
  chain += "    iifname \"lo\" return\n";
  // The proxy's own ports answer for themselves.
  chain += fmt::format("    tcp dport {{ {}, {} }} return\n", kOutboundCapturePort, kInboundCapturePort);
  chain += exclude_ports(redirection.excluded_inbound_ports);
  chain += fmt::format("    meta l4proto tcp redirect to :{}\n  }}\n", kInboundCapturePort);
  return chain;
}

}  // namespace

std::string member_ruleset() {
  std::string chain = "  chain outbound {\n    type nat hook output priority -100; policy accept;\n";
  chain += redirect_dns("    ");
  chain += kLeaveLoopback;
  chain += fmt::format("    meta l4proto tcp redirect to :{}\n  }}\n", kOutboundCapturePort);
  return replace_table(chain);
}

std::string redirect_ruleset(const Redirection& redirection) {
  return replace_table(inbound_chain(redirection) + outbound_chain(redirection));
}

std::string removal_ruleset() {
  return fmt::format("add table inet {0}\ndelete table inet {0}\n", kTableName);
}

}  // namespace ripstop::cli
