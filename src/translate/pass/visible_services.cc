#include "translate/pass/visible_services.h"

#include "translate/names.h"

namespace ripstop::translate {
namespace {

int claim(const model::Service& service, const std::string& client_ns) {
  if (service.ns == client_ns) return 0;
  return service.name.empty() ? 2 : 1;
}

}  // namespace

std::vector<uint32_t> visible_services(const VisibleServicesInput& input) {
  const auto& services = input.shape->services;
  std::vector<uint32_t> visible;
  for (uint32_t position = 0; position < services.size(); ++position) {
    const model::Service& service = *services[position].service;
    if (!is_exported(service.export_to, service.ns, input.client_ns)) continue;
    if (visible.empty() || services[visible.back()].service->host != service.host) {
      visible.push_back(position);
      continue;
    }
    const model::Service& rival = *services[visible.back()].service;
    if (claim(service, input.client_ns) < claim(rival, input.client_ns)) visible.back() = position;
  }
  return visible;
}

}  // namespace ripstop::translate
