#include "control/api/write_json.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "control/version.h"
#include "xds/resource.h"

namespace ripstop::control {
namespace {

using Json = nlohmann::ordered_json;

std::string write(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string_view to_text(model::Severity severity) {
  switch (severity) {
    case model::Severity::kNote:
      return "note";
    case model::Severity::kWarning:
      return "warning";
    case model::Severity::kError:
      return "error";
  }
  return "error";
}

Json to_value(const model::Findings& findings) {
  Json list = Json::array();
  for (const model::Finding& finding : findings) {
    list.push_back({{"severity", to_text(finding.severity)},
                    {"code", finding.code},
                    {"message", finding.message},
                    {"remedy", finding.remedy},
                    {"resource", finding.resource},
                    {"field", finding.field},
                    {"file", finding.file},
                    {"line", finding.line},
                    {"column", finding.column}});
  }
  return list;
}

Json to_value(const Resource& resource, std::string_view api_version) {
  return {{"api_version", api_version},    {"kind", resource.key.kind},
          {"namespace", resource.key.ns},  {"name", resource.key.name},
          {"text", resource.text},         {"file", resource.file},
          {"line", resource.line},         {"created", resource.created},
          {"revision", resource.revision}, {"owner", resource.owner == Owner::kFolder ? "folder" : "api"}};
}

// As it was written; the key has the group alone.
std::string_view api_version_of(const Resource& resource, const AcceptedSet& accepted) {
  const auto found = accepted.find(resource.key);
  return found == accepted.end() ? resource.key.group : found->second.resource.api_version;
}

std::string label_of(const model::Workload& workload, std::string_view key) {
  const auto found = workload.labels.find(std::string(key));
  return found == workload.labels.end() ? std::string() : found->second;
}

Json error_value(std::string_view code, std::string_view message) {
  return {{"code", code}, {"message", message}};
}

std::string_view to_text(model::AppProtocol protocol) {
  switch (protocol) {
    case model::AppProtocol::kAuto:
      return "auto";
    case model::AppProtocol::kHttp:
      return "http";
    case model::AppProtocol::kHttp2:
      return "http2";
    case model::AppProtocol::kGrpc:
      return "grpc";
    case model::AppProtocol::kGrpcWeb:
      return "grpc-web";
    case model::AppProtocol::kTls:
      return "tls";
    case model::AppProtocol::kTcp:
      return "tcp";
    case model::AppProtocol::kUdp:
      return "udp";
  }
  return "auto";
}

size_t count_endpoints(const model::Service& service, const model::MeshConfig& mesh) {
  size_t count = service.endpoints.size();
  if (!service.selector || service.selector->empty()) return count;
  for (const model::Workload& workload : mesh.workloads) {
    const bool belongs = workload.identity.ns == service.ns && model::selects(*service.selector, workload.labels);
    if (belongs && workload.is_ready) ++count;
  }
  return count;
}

std::string_view short_type(std::string_view type_url) {
  if (type_url == xds::type::kCluster) return "CDS";
  if (type_url == xds::type::kLoadAssignment) return "EDS";
  if (type_url == xds::type::kListener) return "LDS";
  if (type_url == xds::type::kRouteTable) return "RDS";
  if (type_url == xds::type::kSecret) return "SDS";
  if (type_url == xds::type::kNameTable) return "NDS";
  return type_url;
}

}  // namespace

std::string error_json(std::string_view code, std::string_view message) {
  return write({{"error", error_value(code, message)}});
}

std::string error_json(std::string_view code, std::string_view message, const model::Findings& findings) {
  return write({{"error", error_value(code, message)}, {"findings", to_value(findings)}});
}

std::string health_json(uint64_t revision) {
  return write({{"status", "ok"}, {"revision", revision}, {"version", kVersion}});
}

std::string findings_json(const model::Findings& findings) {
  return write({{"findings", to_value(findings)}});
}

std::string outcomes_json(uint64_t revision, std::span<const ApplyOutcome> outcomes, const model::Findings& findings) {
  Json results = Json::array();
  for (const ApplyOutcome& outcome : outcomes) {
    results.push_back({{"kind", outcome.key.kind},
                       {"namespace", outcome.key.ns},
                       {"name", outcome.key.name},
                       {"outcome", outcome.outcome}});
  }
  return write({{"revision", revision}, {"results", results}, {"findings", to_value(findings)}});
}

std::string resource_json(const Resource& resource, const AcceptedSet& accepted) {
  return write(to_value(resource, api_version_of(resource, accepted)));
}

std::string resources_json(std::span<const Resource> resources, const AcceptedSet& accepted) {
  Json list = Json::array();
  for (const Resource& resource : resources) list.push_back(to_value(resource, api_version_of(resource, accepted)));
  return write({{"resources", list}});
}

std::string workloads_json(const Workloads& workloads, const Registrations& registrations) {
  Json list = Json::array();
  for (const auto& [id, workload] : workloads) {
    Json ports = Json::array();
    for (const auto& [port, address] : workload.inbound) {
      ports.push_back({{"port", port}, {"address", address.to_string()}});
    }
    Json labels = Json::object();
    for (const auto& [key, value] : workload.labels) {
      if (key != kServiceLabel) labels[key] = value;
    }
    const auto found = registrations.find(id);
    const StoredRegistration registration = found == registrations.end() ? StoredRegistration{} : found->second;
    list.push_back({{"id", id},
                    {"workload", workload.name},
                    {"namespace", workload.identity.ns},
                    {"service", label_of(workload, kServiceLabel)},
                    {"service_account", workload.identity.service_account},
                    {"spiffe_id", workload.identity.to_string()},
                    {"labels", labels},
                    {"ports", ports},
                    {"admin_address", registration.admin_address},
                    {"ready", workload.is_ready},
                    {"pid", registration.process}});
  }
  return write({{"workloads", list}});
}

std::string welcome_json(const Welcome& welcome) {
  return write({{"id", welcome.workload.id},
                {"workload", welcome.workload.name},
                {"spiffe_id", welcome.workload.identity.to_string()},
                {"join_token", welcome.join_token},
                {"xds_address", welcome.xds_address},
                {"roots_pem", welcome.roots_pem},
                {"cluster_id", welcome.cluster_id},
                {"mesh_id", welcome.mesh_id},
                {"trust_domain", welcome.workload.identity.trust_domain}});
}

std::string services_json(const model::Snapshot& snapshot) {
  Json list = Json::array();
  for (const model::Service& service : snapshot.mesh.services) {
    Json addresses = Json::array();
    for (const IpAddress& address : service.addresses) addresses.push_back(address.to_string());
    Json ports = Json::array();
    for (const model::ServicePort& port : service.ports) {
      ports.push_back({{"number", port.number}, {"name", port.name}, {"protocol", to_text(port.protocol)}});
    }
    list.push_back({{"host", service.host},
                    {"namespace", service.ns},
                    {"addresses", addresses},
                    {"ports", ports},
                    {"endpoints", count_endpoints(service, snapshot.mesh)},
                    {"origin", service.origin ? service.origin->to_string() : std::string()}});
  }
  return write({{"services", list}});
}

std::string proxies_json(std::span<const AdsService::ProxyStatus> proxies, uint64_t revision) {
  Json list = Json::array();
  for (const AdsService::ProxyStatus& proxy : proxies) {
    Json types = Json::object();
    for (const xds::ServerSession::TypeStatus& type : proxy.types) {
      types[std::string(short_type(type.type_url))] = {
          {"sent", type.sent_version}, {"acked", type.acked_version}, {"nack", type.refusal}};
    }
    list.push_back({{"id", proxy.id},
                    {"workload", proxy.workload},
                    {"namespace", proxy.ns},
                    {"connected", proxy.is_connected},
                    {"revision", proxy.revision},
                    {"synced", proxy.is_synced},
                    {"types", types}});
  }
  return write({{"revision", revision}, {"proxies", list}});
}

std::string change_json(const Change& change) {
  const auto line = [&change](std::string_view kind, std::string_view ns, std::string_view name, const char* what) {
    return write({{"revision", change.revision}, {"kind", kind}, {"namespace", ns}, {"name", name}, {"change", what}});
  };
  if (const auto* resource = std::get_if<Resource>(&change.what)) {
    return line(resource->key.kind, resource->key.ns, resource->key.name, "applied");
  }
  if (const auto* workload = std::get_if<model::Workload>(&change.what)) {
    return line("Workload", workload->identity.ns, workload->id, "applied");
  }
  if (const auto* removed = std::get_if<Change::RemovedResource>(&change.what)) {
    return line(removed->key.kind, removed->key.ns, removed->key.name, "deleted");
  }
  return line("Workload", "", std::get<Change::RemovedWorkload>(change.what).id, "deleted");
}

std::string rotation_json(RotationPhase phase, const TrustBundle& bundle) {
  Json roots = Json::array();
  for (const TrustBundle::Root& root : bundle.roots()) {
    const auto expires = std::chrono::duration_cast<std::chrono::seconds>(root.expires.time_since_epoch()).count();
    roots.push_back({{"subject", root.subject}, {"fingerprint", root.fingerprint}, {"expires", expires}});
  }
  return write({{"phase", to_string(phase)}, {"roots", roots}});
}

}  // namespace ripstop::control
