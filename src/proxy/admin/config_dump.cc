// What is in force, as JSON: enough to see which listener, chain, route, cluster and endpoint a request meets.
#include "proxy/admin/json_writer.h"
#include "proxy/admin/pages.h"

namespace ripstop::proxy::admin {
namespace {

void put_origin(JsonWriter& json, const model::OriginRef& origin) {
  if (origin) json.field("origin", origin->to_string());
}

void put_tls(JsonWriter& json, const model::TlsSecretNames& secrets, const std::vector<model::StringMatch>& names) {
  json.key("tls")
      .begin_object()
      .field("certificate", secrets.certificate)
      .field("trusted_roots", secrets.trusted_roots);
  json.key("peer_names").begin_array();
  for (const model::StringMatch& name : names) json.value(name.text);
  json.end_array().end_object();
}

void put_chain(JsonWriter& json, const model::FilterChain& chain) {
  json.begin_object().field("name", chain.name);
  if (!chain.match.transport_protocol.empty()) json.field("transport_protocol", chain.match.transport_protocol);
  json.key("application_protocols").begin_array();
  for (const std::string& protocol : chain.match.application_protocols) json.value(protocol);
  json.end_array();
  if (chain.tls) put_tls(json, chain.tls->secrets, chain.tls->peer_names);
  if (const auto* http = std::get_if<model::HttpConnection>(&chain.filter)) {
    json.field("filter", "http")
        .field("route_table", http->inline_routes ? http->inline_routes->name : http->route_table_name);
  } else {
    json.field("filter", "tcp").key("clusters").begin_array();
    for (const auto& cluster : std::get<model::TcpProxy>(chain.filter).clusters) json.value(cluster.cluster);
    json.end_array();
  }
  json.end_object();
}

void put_listener(JsonWriter& json, const model::Listener& listener) {
  json.begin_object().field("name", listener.name).field("address", listener.address.to_string());
  json.field("bind_to_port", listener.bind_to_port).field("use_original_dst", listener.use_original_dst);
  json.key("filter_chains").begin_array();
  for (const model::FilterChain& chain : listener.filter_chains) put_chain(json, chain);
  json.end_array();
  if (listener.default_filter_chain) {
    json.key("default_filter_chain");
    put_chain(json, *listener.default_filter_chain);
  }
  json.end_object();
}

void put_action(JsonWriter& json, const model::RouteAction& action) {
  if (const auto* forward = std::get_if<model::Forward>(&action)) {
    json.key("clusters").begin_array();
    for (const auto& cluster : forward->clusters) {
      json.begin_object().field("name", cluster.cluster).field("weight", cluster.weight).end_object();
    }
    json.end_array();
    if (forward->retry) json.field("retries", forward->retry->retries);
  } else if (const auto* redirect = std::get_if<model::Redirect>(&action)) {
    json.field("redirect", redirect->status);
  } else if (const auto* direct = std::get_if<model::DirectResponse>(&action)) {
    json.field("direct_response", direct->status);
  }
}

void put_routes(JsonWriter& json, const model::RouteTable& table) {
  json.begin_object().field("name", table.name).key("virtual_hosts").begin_array();
  for (const model::VirtualHost& host : table.virtual_hosts) {
    json.begin_object().field("name", host.name).key("domains").begin_array();
    for (const std::string& domain : host.domains) json.value(domain);
    json.end_array().key("routes").begin_array();
    for (const model::Route& route : host.routes) {
      json.begin_object().field("name", route.name).field("path", route.match.path.text);
      put_action(json, route.action);
      put_origin(json, route.origin);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
}

void put_cluster(JsonWriter& json, const model::Cluster& cluster) {
  json.begin_object().field("name", cluster.name).field("service", cluster.service_host);
  if (cluster.tls) put_tls(json, cluster.tls->secrets, cluster.tls->peer_names);
  put_origin(json, cluster.origin);
  json.end_object();
}

void put_assignment(JsonWriter& json, const model::LoadAssignment& assignment) {
  json.begin_object().field("cluster", assignment.cluster).key("endpoints").begin_array();
  for (const model::LocalityEndpoints& locality : assignment.localities) {
    for (const model::Endpoint& endpoint : locality.endpoints) {
      json.begin_object().field("address", endpoint.address.to_string()).field("workload", endpoint.labels.workload);
      json.field("mtls", endpoint.takes_mtls).field("weight", endpoint.weight).end_object();
    }
  }
  json.end_array().end_object();
}

}  // namespace

std::string config_dump(const AdminContext& context, bool with_endpoints) {
  JsonWriter json;
  json.begin_object().key("listeners").begin_array();
  for (const auto& [name, listener] : context.store.listeners()) put_listener(json, *listener->model);
  json.end_array().key("routes").begin_array();
  for (const auto& [name, routes] : context.store.routes()) put_routes(json, routes->source());
  json.end_array().key("clusters").begin_array();
  for (const auto& [name, cluster] : context.store.clusters()) put_cluster(json, *cluster->model);
  json.end_array();
  if (with_endpoints) {
    json.key("endpoints").begin_array();
    for (const auto& [name, assignment] : context.store.assignments()) put_assignment(json, *assignment);
    json.end_array();
  }
  json.key("secrets").begin_array();
  for (const auto& [name, entry] : context.secrets.entries()) {
    json.begin_object().field("name", name).field("certificate_chain", entry.certificate_chain_pem);
    json.field("trusted_roots", entry.trusted_roots_pem);
    json.field("private_key", entry.key ? "[redacted]" : "").end_object();
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace ripstop::proxy::admin
