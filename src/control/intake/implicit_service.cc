#include "control/intake/implicit_service.h"

#include <memory>
#include <utility>

#include "dialect/names.h"

namespace ripstop::control {
namespace {

constexpr size_t kMaxIdBytes = 253;

std::string service_of(const model::Workload& workload) {
  const auto label = workload.labels.find(std::string(kServiceLabel));
  return label == workload.labels.end() ? std::string() : label->second;
}

std::string port_name(const model::Workload& workload, uint16_t port) {
  for (const auto& [name, number] : workload.port_names) {
    if (number == port) return name;
  }
  return {};
}

model::Service make(const std::string& ns, const std::string& name, std::string_view dns_domain) {
  model::Service service;
  service.host = name + "." + ns + ".svc." + std::string(dns_domain);
  service.ns = ns;
  service.name = name;
  service.selector = model::Labels{{std::string(kServiceLabel), name}};
  service.origin = std::make_shared<const model::Origin>(
      model::Origin{.dialect = "ripstop", .kind = "Service", .ns = ns, .name = name});
  return service;
}

void add_ports(const model::Workload& workload, std::map<uint16_t, std::string>& names) {
  for (const auto& [port, listener] : workload.inbound) {
    std::string& name = names[port];
    if (name.empty()) name = port_name(workload, port);
  }
}

}  // namespace

Status check_workload(const model::Workload& workload, std::string_view trust_domain) {
  if (workload.id.empty() || workload.id.size() > kMaxIdBytes || workload.id.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, "a workload needs an id of at most 253 bytes");
  }
  if (workload.identity.trust_domain != trust_domain) {
    return fail(ErrorCode::kInvalidArgument,
                "the workload " + workload.id + " has an identity of another trust domain");
  }
  if (!model::Identity::parse(workload.identity.to_string()) || !dialect::is_dns_label(workload.identity.ns)) {
    return fail(ErrorCode::kInvalidArgument, "the workload " + workload.id +
                                                 " needs a namespace and a service account of lower-case letters, "
                                                 "digits and dashes");
  }
  const bool has_service = workload.labels.contains(std::string(kServiceLabel));
  if (has_service && !dialect::is_dns_label(service_of(workload))) {
    return fail(ErrorCode::kInvalidArgument, "the service of the workload " + workload.id +
                                                 " must be a name of at most 63 lower-case letters, digits and dashes");
  }
  return {};
}

std::vector<model::Service> implicit_services(const Workloads& workloads, std::string_view dns_domain) {
  std::map<std::pair<std::string, std::string>, std::map<uint16_t, std::string>> found;
  for (const auto& [id, workload] : workloads) {
    const std::string name = service_of(workload);
    if (!name.empty()) add_ports(workload, found[{workload.ns(), name}]);
  }
  std::vector<model::Service> services;
  for (const auto& [place, ports] : found) {
    model::Service service = make(place.first, place.second, dns_domain);
    for (const auto& [number, name] : ports) {
      service.ports.push_back({.number = number, .name = name, .protocol = model::app_protocol(name, number)});
    }
    services.push_back(std::move(service));
  }
  return services;
}

}  // namespace ripstop::control
