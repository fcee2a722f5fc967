#include "proxy/admin/pages.h"

#include <unistd.h>

#include <map>

#include "proxy/admin/json_writer.h"
#include "proxy/program/version.h"

namespace ripstop::proxy::admin {

std::vector<ClusterFacts> look_at_clusters(Worker& worker) {
  std::vector<ClusterFacts> all;
  for (const auto& [name, cluster] : worker.clusters()) {
    ClusterFacts& facts = all.emplace_back();
    facts.name = name;
    facts.idle_connections = cluster->idle_count();
    for (const policy::HostRef& host : cluster->hosts().hosts()) {
      HostFacts& seen = facts.hosts.emplace_back();
      seen.address = host->endpoint->address.to_string();
      const model::Health health = host->endpoint->health;
      seen.is_healthy = health == model::Health::kUnknown || health == model::Health::kHealthy;
      seen.is_ejected = host->outlier.is_ejected;
      seen.fails_checks = host->fails_checks;
      seen.weight = host->weight();
      seen.active_requests = host->active_requests;
    }
  }
  return all;
}

namespace {

struct Merged {
  size_t idle_connections = 0;
  std::map<std::string, HostFacts> hosts;
};

std::map<std::string, Merged> merge(const std::vector<std::vector<ClusterFacts>>& by_worker) {
  std::map<std::string, Merged> merged;
  for (const auto& worker : by_worker) {
    for (const ClusterFacts& cluster : worker) {
      Merged& into = merged[cluster.name];
      into.idle_connections += cluster.idle_connections;
      for (const HostFacts& host : cluster.hosts) {
        HostFacts& known = into.hosts[host.address];
        known.weight = host.weight;
        known.is_healthy = known.is_healthy && host.is_healthy;
        known.fails_checks = known.fails_checks || host.fails_checks;
        known.is_ejected = known.is_ejected || host.is_ejected;
        known.active_requests += host.active_requests;
      }
    }
  }
  return merged;
}

std::string health_text(const HostFacts& host) {
  std::string flags;
  if (host.fails_checks) flags += "/failed_active_hc";
  if (host.is_ejected) flags += "/failed_outlier_check";
  if (!host.is_healthy) flags += "/failed_eds_health";
  return flags.empty() ? "healthy" : flags;
}

// Names from configuration may hold anything; in the text pages what does not print is replaced.
std::string printable(std::string_view text) {
  std::string clean(text);
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) c = '?';
  }
  return clean;
}

}  // namespace

std::string clusters_text(const std::vector<std::vector<ClusterFacts>>& by_worker) {
  std::string out;
  for (const auto& [name, cluster] : merge(by_worker)) {
    const std::string prefix = printable(name) + "::";
    out += prefix + "idle_connections::" + std::to_string(cluster.idle_connections) + "\n";
    for (const auto& [address, host] : cluster.hosts) {
      const std::string line = prefix + address + "::";
      out += line + "rq_active::" + std::to_string(host.active_requests) + "\n";
      out += line + "health_flags::" + health_text(host) + "\n";
      out += line + "weight::" + std::to_string(host.weight) + "\n";
    }
  }
  return out;
}

std::string clusters_json(const std::vector<std::vector<ClusterFacts>>& by_worker) {
  JsonWriter json;
  json.begin_object().key("cluster_statuses").begin_array();
  for (const auto& [name, cluster] : merge(by_worker)) {
    json.begin_object().field("name", name).field("idle_connections", cluster.idle_connections);
    json.key("host_statuses").begin_array();
    for (const auto& [address, host] : cluster.hosts) {
      json.begin_object().field("address", address).field("health", health_text(host));
      json.field("weight", host.weight).field("active_requests", host.active_requests).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return json.take();
}

std::string listeners_text(const ConfigStore& store) {
  std::string out;
  for (const auto& [name, listener] : store.listeners()) {
    out += printable(name) + "::" + listener->model->address.to_string() + "\n";
  }
  return out;
}

std::string listeners_json(const ConfigStore& store) {
  JsonWriter json;
  json.begin_object().key("listener_statuses").begin_array();
  for (const auto& [name, listener] : store.listeners()) {
    json.begin_object().field("name", name).field("local_address", listener->model->address.to_string());
    json.field("bound", listener->model->bind_to_port).end_object();
  }
  json.end_array().end_object();
  return json.take();
}

std::string certificates_json(const SecretStore& secrets) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(WallClock::now().time_since_epoch()).count();
  JsonWriter json;
  json.begin_object().key("certificates").begin_array();
  for (const auto& [name, entry] : secrets.entries()) {
    const bool is_chain = !entry.certificate_chain_pem.empty();
    const auto summary = net::summarize_certificate(is_chain ? entry.certificate_chain_pem : entry.trusted_roots_pem);
    if (!summary) continue;
    json.begin_object().field("name", name).field("kind", is_chain ? "certificate" : "trust_bundle");
    json.field("subject", summary->subject).field("uri", summary->uri).field("serial_number", summary->serial);
    json.field("valid_from", summary->not_before).field("expiration_time", summary->not_after);
    json.field("seconds_left", summary->not_after - now).end_object();
  }
  json.end_array().end_object();
  return json.take();
}

std::string server_info(const AdminContext& context) {
  JsonWriter json;
  json.begin_object().field("version", kVersion).field("state", context.state()).field("pid", getpid());
  json.field("concurrency", context.fleet.size());
  if (context.node != nullptr) {
    json.key("node").begin_object().field("id", context.node->id).field("cluster", context.node->cluster).end_object();
  }
  json.end_object();
  return json.take();
}

namespace {

void add_health(std::string_view cluster, const HealthChecks::Figures& figures, std::string& out) {
  const auto line = [&](const char* name, uint64_t value) {
    out += "cluster." + printable(cluster) + ".health_check." + name + ": " + std::to_string(value) + "\n";
  };
  line("attempt", figures.attempt);
  line("success", figures.success);
  line("failure", figures.failure);
  line("network_failure", figures.network_failure);
  line("healthy", figures.healthy);
}

}  // namespace

std::string stats_text(const AdminContext& context) {
  std::string out;
  out += "server.state: " + context.state() + "\n";
  out += "server.concurrency: " + std::to_string(context.fleet.size()) + "\n";
  out += "listener_manager.total_listeners_active: " + std::to_string(context.store.listeners().size()) + "\n";
  out += "cluster_manager.active_clusters: " + std::to_string(context.store.clusters().size()) + "\n";
  out += "downstream_cx_active: " + std::to_string(context.fleet.open_connections()) + "\n";
  out += "downstream_rq_active: " + std::to_string(context.fleet.active_requests()) + "\n";
  const auto sum = [&context](Counter WorkerCounters::* counter) {
    return std::to_string(context.fleet.sum(counter)) + "\n";
  };
  out += "downstream_cx_over_limit: " + sum(&WorkerCounters::refused_over_limit);
  out += "downstream_cx_gave_way: " + sum(&WorkerCounters::gave_way);
  out += "no_filter_chain_match: " + sum(&WorkerCounters::refused_without_chain);
  out += "ssl.certificate_refused: " + sum(&WorkerCounters::refused_certificates);
  out += "ssl.connection_error: " + sum(&WorkerCounters::failed_handshakes);
  out += "http2.flooded: " + sum(&WorkerCounters::flooded_http2);
  out += "http2.protocol_error: " + sum(&WorkerCounters::malformed_http2);
  out += "http2.timed_out: " + sum(&WorkerCounters::timed_out_http2);
  if (context.health_figures) {
    for (const auto& [cluster, figures] : context.health_figures()) add_health(cluster, figures, out);
  }
  return out;
}

}  // namespace ripstop::proxy::admin
