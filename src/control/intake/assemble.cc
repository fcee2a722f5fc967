#include "control/intake/assemble.h"

#include <set>
#include <utility>

namespace ripstop::control {
namespace {

bool needs_address(const model::Service& service) {
  return service.addresses.empty() && service.address_ranges.empty() &&
         service.resolution != model::Resolution::kNone && service.host.find('*') == std::string::npos;
}

void add_workloads(const Workloads& workloads, model::MeshConfig& mesh) {
  for (const auto& [id, workload] : workloads) {
    model::Workload& added = mesh.workloads.emplace_back(workload);
    added.origin = std::make_shared<const model::Origin>(
        model::Origin{.dialect = "ripstop", .kind = "Workload", .ns = workload.ns(), .name = workload.name});
  }
}

void add_implicit_services(const Workloads& workloads, std::string_view dns_domain, model::MeshConfig& mesh) {
  std::set<std::string> written;
  for (const model::Service& service : mesh.services) written.insert(service.host);
  for (model::Service& service : implicit_services(workloads, dns_domain)) {
    if (!written.contains(service.host)) mesh.services.push_back(std::move(service));
  }
}

Result<std::map<std::string, VirtualAddresses>> allocate(const std::vector<model::Service>& services,
                                                         AddressTable addresses) {
  std::set<std::string> hosts;
  for (const model::Service& service : services) {
    if (needs_address(service)) hosts.insert(service.host);
  }
  const std::vector<std::string> wanted(hosts.begin(), hosts.end());
  auto allocated = addresses.allocate(wanted);
  if (allocated || allocated.error().code != ErrorCode::kTooLarge) return allocated;
  // Hosts that are gone keep their addresses for as long as there is room, for clients that still have them cached.
  const Result<size_t> forgotten = addresses.forget_all_but(hosts);
  if (!forgotten) return std::unexpected(forgotten.error());
  return addresses.allocate(wanted);
}

}  // namespace

Result<std::shared_ptr<model::Snapshot>> assemble(const model::MeshSettings& settings,
                                                  const model::MeshConfig& configured, const Workloads& workloads,
                                                  AddressTable addresses) {
  auto snapshot = std::make_shared<model::Snapshot>();
  snapshot->settings = settings;
  snapshot->mesh = configured;
  add_workloads(workloads, snapshot->mesh);
  add_implicit_services(workloads, settings.dns_domain, snapshot->mesh);
  const auto allocated = allocate(snapshot->mesh.services, addresses);
  if (!allocated) return std::unexpected(allocated.error());
  for (model::Service& service : snapshot->mesh.services) {
    if (!needs_address(service)) continue;
    const VirtualAddresses& pair = allocated->at(service.host);
    service.addresses = {pair.v4, pair.v6};
  }
  return snapshot;
}

}  // namespace ripstop::control
