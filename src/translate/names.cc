#include "translate/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace ripstop::translate {

std::string outbound_cluster_name(uint16_t port, std::string_view subset, std::string_view host) {
  return fmt::format("outbound|{}|{}|{}", port, subset, host);
}

std::string inbound_cluster_name(uint16_t port) {
  return fmt::format("inbound|{}||", port);
}

std::string mesh_sni(uint16_t port, std::string_view subset, std::string_view host) {
  return fmt::format("outbound_.{}_.{}_.{}", port, subset, host);
}

std::string listener_name(const SocketAddress& address) {
  return fmt::format("{}_{}", address.ip.to_string(), address.port);
}

std::vector<std::string> host_patterns(std::string_view host) {
  std::vector<std::string> patterns{std::string(host)};
  for (size_t dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
    std::string wider = "*" + std::string(host.substr(dot));
    if (wider != host) patterns.push_back(std::move(wider));
  }
  if (host != "*") patterns.emplace_back("*");
  return patterns;
}

bool is_exported(const std::vector<std::string>& export_to, std::string_view owner_ns, std::string_view client_ns) {
  if (export_to.empty()) return true;
  return std::ranges::any_of(export_to, [&](const std::string& to) {
    return to == "*" || to == client_ns || (to == "." && owner_ns == client_ns);
  });
}

bool applies_to_mesh(const std::vector<std::string>& gateways) {
  return gateways.empty() || std::ranges::find(gateways, "mesh") != gateways.end();
}

model::OriginRef mesh_default(std::string name) {
  return std::make_shared<const model::Origin>(
      model::Origin{.dialect = "ripstop", .kind = "MeshDefault", .ns = {}, .name = std::move(name)});
}

}  // namespace ripstop::translate
