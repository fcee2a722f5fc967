#include "proxy/config/config_store.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "xds/decode.h"
#include "xds/resource.h"

namespace ripstop::proxy {
namespace {

std::unexpected<Error> in(const std::string& resource, Error error) {
  if (!error.message.starts_with(resource)) error.message = resource + ": " + error.message;
  return std::unexpected(std::move(error));
}

// Every resource of an update by one decoder, or the first error.
template <typename Model, typename Decode>
Result<std::vector<Model>> decode_all(const xds::Update& update, std::string_view kind, Decode decode) {
  std::vector<Model> models;
  for (const xds::Update::Item& item : update.resources) {
    Result<Model> decoded = decode(item.body);
    if (!decoded) return in(std::string(kind) + " " + item.name, decoded.error());
    models.push_back(std::move(*decoded));
  }
  return models;
}

bool uses_eds(const model::Cluster& cluster) {
  return cluster.discovery == model::Discovery::kEds;
}

bool uses_dns(const model::Cluster& cluster) {
  return cluster.discovery == model::Discovery::kStrictDns || cluster.discovery == model::Discovery::kLogicalDns;
}

}  // namespace

ConfigStore::ConfigStore(SecretStore& secrets, Publish publish) : secrets_(secrets), publish_(std::move(publish)) {}

Status ConfigStore::add_listener(model::Listener listener) {
  auto compiled = compile_listener(std::move(listener), secrets_);
  if (!compiled) return fail_with(compiled);
  SettingsDelta delta;
  warming_listeners_[(*compiled)->model->name] = {*compiled, generation_};
  promote(delta);
  publish_(std::make_shared<const SettingsDelta>(std::move(delta)));
  return {};
}

Status ConfigStore::add_cluster(model::Cluster cluster) {
  auto compiled = compile_cluster(std::move(cluster), secrets_);
  if (!compiled) return fail_with(compiled);
  SettingsDelta delta;
  warming_clusters_[(*compiled)->model->name] = {*compiled, generation_};
  promote(delta);
  publish_(std::make_shared<const SettingsDelta>(std::move(delta)));
  return {};
}

Status ConfigStore::take(const xds::Update& update) {
  SettingsDelta delta;
  Status taken;
  if (update.type_url == xds::type::kCluster) {
    taken = take_clusters(update, delta);
  } else if (update.type_url == xds::type::kListener) {
    taken = take_listeners(update, delta);
  } else if (update.type_url == xds::type::kRouteTable) {
    taken = take_routes(update, delta);
  } else if (update.type_url == xds::type::kLoadAssignment) {
    taken = take_assignments(update, delta);
  } else if (update.type_url == xds::type::kSecret) {
    taken = take_secrets(update);
  } else if (update.type_url == xds::type::kNameTable) {
    taken = take_names(update);
  } else {
    taken = fail(ErrorCode::kUnsupported, "this proxy did not ask for resources of type " + update.type_url);
  }
  if (!taken) return taken;
  ++generation_;
  promote(delta);
  forget_unwanted(delta);
  publish_(std::make_shared<const SettingsDelta>(std::move(delta)));
  return {};
}

// What nobody refers to any more is not kept up to date either.
void ConfigStore::forget_unwanted(SettingsDelta& delta) {
  const Wanted wanted = this->wanted();
  std::erase_if(received_, [&](const auto& item) { return !wanted.assignments.contains(item.first); });
  std::erase_if(routes_, [&](const auto& item) {
    if (wanted.routes.contains(item.first)) return false;
    delta.removed_routes.push_back(item.first);
    return true;
  });
}

Status ConfigStore::take_clusters(const xds::Update& update, SettingsDelta& delta) {
  auto models = decode_all<model::Cluster>(update, "cluster", xds::decode_cluster);
  if (!models) return fail_with(models);
  std::vector<ClusterSettingsRef> compiled;
  for (model::Cluster& cluster : *models) {
    auto settings = compile_cluster(std::move(cluster), secrets_);
    if (!settings) return fail_with(settings);
    compiled.push_back(std::move(*settings));
  }
  for (ClusterSettingsRef& cluster : compiled) {
    const std::string& name = cluster->model->name;
    warming_clusters_[name] = {std::move(cluster), generation_};
  }
  for (const std::string& name : update.removed) {
    warming_clusters_.erase(name);
    assignments_.erase(name);
    if (clusters_.erase(name) != 0) delta.removed_clusters.push_back(name);
  }
  has_clusters_ = true;
  return {};
}

Status ConfigStore::take_listeners(const xds::Update& update, SettingsDelta& delta) {
  auto models = decode_all<model::Listener>(update, "listener", xds::decode_listener);
  if (!models) return fail_with(models);
  std::vector<ListenerRef> compiled;
  for (model::Listener& listener : *models) {
    auto settings = compile_listener(std::move(listener), secrets_);
    if (!settings) return fail_with(settings);
    compiled.push_back(std::move(*settings));
  }
  for (ListenerRef& listener : compiled) {
    const std::string& name = listener->model->name;
    warming_listeners_[name] = {std::move(listener), generation_};
  }
  for (const std::string& name : update.removed) {
    warming_listeners_.erase(name);
    if (listeners_.erase(name) != 0) delta.removed_listeners.push_back(name);
  }
  has_listeners_ = true;
  return {};
}

Status ConfigStore::take_routes(const xds::Update& update, SettingsDelta& delta) {
  auto models = decode_all<model::RouteTable>(update, "route table", xds::decode_route_table);
  if (!models) return fail_with(models);
  std::vector<RoutesRef> compiled;
  for (model::RouteTable& table : *models) {
    auto routes = compile_routes(std::move(table));
    if (!routes) return fail_with(routes);
    compiled.push_back(std::move(*routes));
  }
  // One that crossed the wire with the end of its subscription is not wanted any more.
  const std::set<std::string> wanted_names = wanted().routes;
  for (RoutesRef& routes : compiled) {
    if (!wanted_names.contains(routes->source().name)) continue;
    delta.routes.push_back(routes);
    routes_[routes->source().name] = std::move(routes);
  }
  for (const std::string& name : update.removed) {
    if (routes_.erase(name) != 0) delta.removed_routes.push_back(name);
  }
  return {};
}

Status ConfigStore::take_assignments(const xds::Update& update, SettingsDelta& delta) {
  auto models = decode_all<model::LoadAssignment>(update, "endpoints of", xds::decode_load_assignment);
  if (!models) return fail_with(models);
  std::set<std::string> changed(update.removed.begin(), update.removed.end());
  for (const std::string& name : update.removed) {
    auto empty = std::make_shared<model::LoadAssignment>();
    empty->cluster = name;
    received_[name] = std::move(empty);
  }
  for (model::LoadAssignment& assignment : *models) {
    changed.insert(assignment.cluster);
    const std::string name = assignment.cluster;
    received_[name] = std::make_shared<const model::LoadAssignment>(std::move(assignment));
  }
  for (const auto& [name, cluster] : clusters_) {
    if (!uses_eds(*cluster->model) || !changed.contains(assignment_name(*cluster->model))) continue;
    if (warming_clusters_.contains(name)) continue;  // goes with its new settings
    promote_cluster(cluster, delta);
  }
  return {};
}

Status ConfigStore::take_secrets(const xds::Update& update) {
  auto models = decode_all<model::Secret>(update, "secret", xds::decode_secret);
  if (!models) return fail_with(models);
  return secrets_.set(*models);
}

Status ConfigStore::take_names(const xds::Update& update) {
  auto models = decode_all<model::NameTable>(update, "name table", xds::decode_name_table);
  if (!models) return fail_with(models);
  if (models->empty()) return {};
  names_ = std::make_shared<const model::NameTable>(std::move(models->back()));
  if (on_names_) on_names_();
  return {};
}

void ConfigStore::set_assignment(model::LoadAssignment assignment) {
  const std::string name = assignment.cluster;
  auto shared = std::make_shared<const model::LoadAssignment>(std::move(assignment));
  if (!clusters_.contains(name) && !warming_clusters_.contains(name)) return;  // removed meanwhile
  SettingsDelta delta;
  assignments_[name] = shared;
  delta.assignments.push_back(std::move(shared));
  promote(delta);
  publish_(std::make_shared<const SettingsDelta>(std::move(delta)));
}

std::string ConfigStore::assignment_name(const model::Cluster& cluster) {
  return cluster.eds_name.empty() ? cluster.name : cluster.eds_name;
}

bool ConfigStore::is_warm(const model::Cluster& cluster) const {
  if (uses_eds(cluster)) return received_.contains(assignment_name(cluster));
  return !uses_dns(cluster) || assignments_.contains(cluster.name);
}

bool ConfigStore::is_warm(const model::Listener& listener) const {
  return std::ranges::all_of(route_table_names(listener),
                             [this](const std::string& name) { return routes_.contains(name); });
}

// With its endpoints, under the cluster's own name.
void ConfigStore::promote_cluster(const ClusterSettingsRef& cluster, SettingsDelta& delta) {
  const model::Cluster& model = *cluster->model;
  if (!uses_eds(model)) return;
  const auto found = received_.find(assignment_name(model));
  if (found == received_.end()) return;
  auto assignment = found->second;
  if (assignment->cluster != model.name) {
    auto renamed = std::make_shared<model::LoadAssignment>(*assignment);
    renamed->cluster = model.name;
    assignment = std::move(renamed);
  }
  assignments_[model.name] = assignment;
  delta.assignments.push_back(std::move(assignment));
}

void ConfigStore::promote(SettingsDelta& delta, uint64_t patience_ended) {
  for (auto at = warming_clusters_.begin(); at != warming_clusters_.end();) {
    const Warming<ClusterSettingsRef>& warming = at->second;
    if (warming.since >= patience_ended && !is_warm(*warming.settings->model)) {
      ++at;
      continue;
    }
    delta.clusters.push_back(warming.settings);
    promote_cluster(warming.settings, delta);
    clusters_[at->first] = warming.settings;
    at = warming_clusters_.erase(at);
  }
  // A listener may route to a cluster that is still warming: as in Envoy that is answered 503 until it is there, so
  // listeners wait for clusters as long as any is on its way.
  if (!warming_clusters_.empty()) return;
  for (auto at = warming_listeners_.begin(); at != warming_listeners_.end();) {
    const Warming<ListenerRef>& warming = at->second;
    if (warming.since >= patience_ended && !is_warm(*warming.settings->model)) {
      ++at;
      continue;
    }
    delta.listeners.push_back(warming.settings);
    listeners_[at->first] = warming.settings;
    at = warming_listeners_.erase(at);
  }
}

void ConfigStore::give_up_waiting(uint64_t until) {
  SettingsDelta delta;
  promote(delta, until);
  forget_unwanted(delta);
  publish_(std::make_shared<const SettingsDelta>(std::move(delta)));
}

std::map<std::string, ClusterSettingsRef> ConfigStore::latest_clusters() const {
  std::map<std::string, ClusterSettingsRef> latest = clusters_;
  for (const auto& [name, warming] : warming_clusters_) latest[name] = warming.settings;
  return latest;
}

namespace {

void add_secrets(std::vector<std::string> names, std::set<std::string>& wanted) {
  for (std::string& name : names) wanted.insert(std::move(name));
}

}  // namespace

void ConfigStore::want(const model::Cluster& cluster, Wanted& wanted) {
  if (uses_eds(cluster)) wanted.assignments.insert(assignment_name(cluster));
  add_secrets(secret_names(cluster), wanted.secrets);
}

void ConfigStore::want(const model::Listener& listener, Wanted& wanted) {
  for (std::string& table : route_table_names(listener)) wanted.routes.insert(std::move(table));
  add_secrets(secret_names(listener), wanted.secrets);
}

ConfigStore::Wanted ConfigStore::wanted() const {
  Wanted wanted;
  for (const auto& [name, cluster] : clusters_) want(*cluster->model, wanted);
  for (const auto& [name, warming] : warming_clusters_) want(*warming.settings->model, wanted);
  for (const auto& [name, listener] : listeners_) want(*listener->model, wanted);
  for (const auto& [name, warming] : warming_listeners_) want(*warming.settings->model, wanted);
  return wanted;
}

}  // namespace ripstop::proxy
