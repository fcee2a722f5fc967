#include <algorithm>
#include <array>
#include <utility>

#include "translate/inbound.h"
#include "translate/listener/filters.h"
#include "translate/listener/outbound_listener_pass.h"
#include "translate/outbound.h"
#include "translate/pass/name_table_pass.h"
#include "translate/pass/secret_pass.h"
#include "translate/pass/visible_services.h"
#include "translate/translate.h"

namespace ripstop::translate {
namespace {

// One translation on its way through the steps.
struct Work {
  const MeshIndex& index;
  const Proxy& proxy;
  Cache& cache;
  OutboundInput outbound;
  ProxyConfig config;
};

struct InboundItems {
  Items<model::Cluster> clusters;
  Items<model::Listener> listeners;
};

InboundItems inbound_items(const InboundInput& input) {
  InboundResult result = make_inbound(input);
  std::ranges::sort(result.clusters, {}, &model::Cluster::name);
  std::ranges::sort(result.listeners, {}, &model::Listener::name);
  return {make_items(std::move(result.clusters)), make_items(std::move(result.listeners))};
}

Items<model::Listener> capture_items(const CaptureListenerInput& input) {
  return {make_item(make_capture_listener(input))};
}

Items<model::NameTable> name_table_items(const OutboundInput& input) {
  NameTableInput names{input.client.ns, {}};
  for (const uint32_t position : *input.visible) {
    const model::Service& service = *input.shape->services[position].service;
    names.services.push_back({service.host, service.name, service.ns, service.addresses});
  }
  return {make_item(make_name_table(names))};
}

Items<model::Secret> secret_items(const SecretInput& input) {
  return {make_item(make_roots_secret(input))};
}

// Labels that nothing in the mesh asks for would only keep equal clients from sharing.
Client client_of(const MeshIndex& index, const Proxy& proxy) {
  Client client{proxy.ns, {}, proxy.profile};
  for (const auto& label : proxy.labels) {
    if (index.client_label_keys.contains(label.first)) client.labels.insert(label);
  }
  return client;
}

void step_visible_services(Work& work) {
  const VisibleServicesInput input{work.index.shape, work.proxy.ns};
  work.outbound = {work.index.shape, work.cache.run(PassId::kVisibleServices, input, visible_services),
                   client_of(work.index, work.proxy)};
}

void step_clusters(Work& work) {
  work.config.clusters = *work.cache.run(PassId::kClusterList, work.outbound, list_clusters);
}

void step_endpoints(Work& work) {
  const EndpointListInput input{work.index.shape, work.index.members,
                                work.cache.run(PassId::kEndpointPlan, work.outbound, plan_endpoints),
                                work.proxy.locality};
  work.config.assignments = *work.cache.run(PassId::kEndpointList, input, list_assignments);
}

void step_routes(Work& work) {
  work.config.route_tables = *work.cache.run(PassId::kRouteList, work.outbound, list_route_tables);
}

void step_outbound_listeners(Work& work) {
  const model::MeshSettings& settings = work.index.shape->settings;
  const CaptureListenerInput capture{work.proxy.outbound_capture, work.proxy.more_outbound_captures,
                                     settings.registry_only, access_logs(settings)};
  work.config.listeners = *work.cache.run(PassId::kOutboundList, work.outbound, list_outbound_listeners);
  add_sorted(work.config.listeners, *work.cache.run(PassId::kCaptureListener, capture, capture_items));
}

void step_inbound(Work& work) {
  const auto inbound = work.cache.run(PassId::kInbound, inbound_input(work.index, work.proxy), inbound_items);
  add_sorted(work.config.clusters, inbound->clusters);
  add_sorted(work.config.listeners, inbound->listeners);
}

void step_name_table(Work& work) {
  if (!work.proxy.dns_capture) return;
  work.config.name_tables = *work.cache.run(PassId::kNameTable, work.outbound, name_table_items);
}

void step_secrets(Work& work) {
  if (work.proxy.trusted_roots_pem.empty()) return;
  const SecretInput input{work.proxy.trusted_roots_pem};
  work.config.secrets = *work.cache.run(PassId::kSecret, input, secret_items);
}

struct OrderedStep {
  Step step;
  void (*run)(Work&);
};

// Every later outbound step reads what the first one found; inbound adds to the lists of clusters and listeners.
constexpr std::array<OrderedStep, 8> kSteps = {{
    {{"visible_services", "a client is told only of what is exported to its namespace"}, step_visible_services},
    {{"clusters", "where calls can go, and how: TLS, balancing, breakers"}, step_clusters},
    {{"endpoints", "who stands behind each cluster now"}, step_endpoints},
    {{"routes", "which cluster an HTTP request goes to"}, step_routes},
    {{"outbound_listeners", "what becomes of a captured connection"}, step_outbound_listeners},
    {{"inbound", "who may call the application, and how calls reach it"}, step_inbound},
    {{"name_table", "names of services resolve inside the mesh"}, step_name_table},
    {{"secrets", "whose certificates are trusted"}, step_secrets},
}};

}  // namespace

std::span<const Step> steps() {
  static constexpr auto kListed = [] {
    std::array<Step, kSteps.size()> listed{};
    std::ranges::transform(kSteps, listed.begin(), &OrderedStep::step);
    return listed;
  }();
  return kListed;
}

ProxyConfig compile(const model::SnapshotRef& snapshot, const Proxy& proxy, Cache& cache, StepSwitches off) {
  const MeshIndex& index = cache.index_of(snapshot);
  const Part<std::vector<uint32_t>> nothing_visible = make_part(std::vector<uint32_t>{});
  Work work{index, proxy, cache, {index.shape, nothing_visible, client_of(index, proxy)}, {}};
  for (size_t position = 0; position < kSteps.size(); ++position) {
    if (!off.test(position)) kSteps[position].run(work);
  }
  return std::move(work.config);
}

}  // namespace ripstop::translate
