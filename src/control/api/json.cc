#include "control/api/json.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "control/version.h"

namespace ripstop::control {
namespace {

using Json = nlohmann::json;

std::unexpected<Error> bad(const std::string& field, const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, "\"" + field + "\" " + what);
}

Result<Json> parse_object(std::string_view body) {
  Json parsed = Json::parse(body, nullptr, false);
  if (!parsed.is_object()) return fail(ErrorCode::kInvalidArgument, "the body is not a JSON object");
  return parsed;
}

// Text of a field; `fallback` when it is missing.
Result<std::string> text_of(const Json& object, const std::string& field, std::string fallback = {}) {
  const auto found = object.find(field);
  if (found == object.end() || found->is_null()) return fallback;
  if (!found->is_string()) return bad(field, "must be a text");
  return found->get<std::string>();
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

Json to_value(const Resource& resource) {
  return {{"group", resource.key.group},   {"kind", resource.key.kind},
          {"namespace", resource.key.ns},  {"name", resource.key.name},
          {"text", resource.text},         {"file", resource.file},
          {"line", resource.line},         {"created", resource.created},
          {"revision", resource.revision}, {"owner", resource.owner == Owner::kFolder ? "folder" : "api"}};
}

std::string write(const Json& json) {
  // Texts are whatever people wrote: bytes that are not UTF-8 are replaced, never an exception.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string label(const model::Labels& labels, std::string_view key) {
  const auto found = labels.find(std::string(key));
  return found == labels.end() ? std::string() : found->second;
}

}  // namespace

Result<ApplyRequest> parse_apply(std::string_view body) {
  auto object = parse_object(body);
  if (!object) return fail_with(object);
  ApplyRequest request;
  const auto documents = object->find("documents");
  if (documents == object->end() || !documents->is_array()) return bad("documents", "must be a list");
  for (const Json& document : *documents) {
    if (!document.is_object()) return bad("documents", "must hold objects with \"file\" and \"text\"");
    auto file = text_of(document, "file", "<request>");
    auto text = text_of(document, "text");
    if (!file) return fail_with(file);
    if (!text) return fail_with(text);
    request.sources.push_back({.file = std::move(*file), .text = std::move(*text)});
  }
  const auto dry_run = object->find("dry_run");
  if (dry_run != object->end() && !dry_run->is_boolean()) return bad("dry_run", "must be true or false");
  request.is_dry_run = dry_run != object->end() && dry_run->get<bool>();
  return request;
}

namespace {

Result<Registration::Port> parse_port(const Json& value) {
  if (!value.is_object() || !value.contains("port") || !value["port"].is_number_unsigned()) {
    return bad("ports", "must hold objects with \"port\" and \"address\"");
  }
  const auto number = value["port"].get<uint64_t>();
  if (number == 0 || number > 65535) return bad("ports.port", "must be 1 to 65535");
  auto text = text_of(value, "address");
  if (!text) return fail_with(text);
  const auto address = SocketAddress::parse(*text);
  if (!address) return bad("ports.address", "is wrong: " + address.error().message);
  auto name = text_of(value, "name");
  if (!name) return fail_with(name);
  return Registration::Port{static_cast<uint16_t>(number), *address, std::move(*name)};
}

}  // namespace

Result<Registration> parse_registration(std::string_view body) {
  auto object = parse_object(body);
  if (!object) return fail_with(object);
  Registration registration;
  const std::vector<std::pair<std::string, std::string*>> texts = {{"service", &registration.service},
                                                                   {"namespace", &registration.ns},
                                                                   {"service_account", &registration.service_account},
                                                                   {"admin_address", &registration.admin_address}};
  for (const auto& [field, into] : texts) {
    auto text = text_of(*object, field, *into);
    if (!text) return fail_with(text);
    if (!text->empty()) *into = std::move(*text);
  }
  if (registration.service.empty()) return bad("service", "is missing: it names the service of this workload");
  if (const auto labels = object->find("labels"); labels != object->end()) {
    if (!labels->is_object()) return bad("labels", "must be an object of texts");
    for (const auto& [key, value] : labels->items()) {
      if (!value.is_string()) return bad("labels." + key, "must be a text");
      registration.labels[key] = value.get<std::string>();
    }
  }
  if (const auto ports = object->find("ports"); ports != object->end()) {
    if (!ports->is_array()) return bad("ports", "must be a list");
    for (const Json& value : *ports) {
      auto port = parse_port(value);
      if (!port) return fail_with(port);
      registration.ports.push_back(std::move(*port));
    }
  }
  if (const auto pid = object->find("pid"); pid != object->end() && pid->is_number_integer()) {
    registration.pid = pid->get<int>();
  }
  return registration;
}

std::string to_json(const RegisteredText& registered) {
  return write({{"id", registered.id},
                {"workload", registered.workload},
                {"spiffe_id", registered.spiffe_id},
                {"join_token", registered.join_token},
                {"xds_address", registered.xds_address},
                {"roots_pem", registered.roots_pem},
                {"cluster_id", registered.cluster_id},
                {"mesh_id", registered.mesh_id},
                {"trust_domain", registered.trust_domain}});
}

std::string apply_json(uint64_t revision, std::span<const ApplyOutcome> outcomes, const model::Findings& findings) {
  Json results = Json::array();
  for (const ApplyOutcome& outcome : outcomes) {
    results.push_back({{"kind", outcome.key.kind},
                       {"namespace", outcome.key.ns},
                       {"name", outcome.key.name},
                       {"outcome", outcome.outcome}});
  }
  return write({{"revision", revision}, {"results", results}, {"findings", to_value(findings)}});
}

std::string findings_json(const model::Findings& findings) {
  return write({{"findings", to_value(findings)}});
}

std::string resource_json(const Resource& resource) {
  return write(to_value(resource));
}

std::string resources_json(std::span<const Resource> resources) {
  Json list = Json::array();
  for (const Resource& resource : resources) list.push_back(to_value(resource));
  return write({{"resources", list}});
}

std::string workloads_json(const Workloads& workloads) {
  Json list = Json::array();
  for (const auto& [id, workload] : workloads) {
    Json ports = Json::array();
    for (const auto& [port, address] : workload.inbound) {
      ports.push_back({{"port", port}, {"address", address.to_string()}});
    }
    Json labels = Json::object();
    for (const auto& [key, value] : workload.labels) {
      if (!key.starts_with("ripstop.io/")) labels[key] = value;
    }
    list.push_back({{"id", id},
                    {"workload", workload.name},
                    {"namespace", workload.identity.ns},
                    {"service", label(workload.labels, kServiceLabel)},
                    {"service_account", workload.identity.service_account},
                    {"spiffe_id", workload.identity.to_string()},
                    {"labels", labels},
                    {"ports", ports},
                    {"admin_address", label(workload.labels, kAdminLabel)},
                    {"ready", workload.is_ready},
                    {"pid", parse_number<int>(label(workload.labels, kProcessLabel)).value_or(0)}});
  }
  return write({{"workloads", list}});
}

namespace {

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
  if (!service.selector) return count;
  for (const model::Workload& workload : mesh.workloads) {
    const bool belongs = workload.identity.ns == service.ns && model::selects(*service.selector, workload.labels);
    if (belongs && workload.is_ready) ++count;
  }
  return count;
}

}  // namespace

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

namespace {

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

std::string proxies_json(std::span<const AdsService::ProxyStatus> proxies, uint64_t revision) {
  Json list = Json::array();
  for (const AdsService::ProxyStatus& proxy : proxies) {
    Json types = Json::object();
    for (const xds::ServerSession::TypeStatus& type : proxy.types) {
      types[std::string(short_type(type.type_url))] = {{"sent", type.sent_version},
                                                       {"acked", type.acked_version},
                                                       {"nack", type.refusal},
                                                       {"synced", type.is_synced()}};
    }
    list.push_back({{"id", proxy.id},
                    {"workload", proxy.workload},
                    {"namespace", proxy.ns},
                    {"connected", true},
                    {"types", types}});
  }
  return write({{"revision", revision}, {"proxies", list}});
}

std::string change_json(const Change& change) {
  Json json = {{"revision", change.revision}};
  const auto put = [&json](const char* kind, const std::string& ns, const std::string& name, const char* what) {
    json["kind"] = kind;
    json["namespace"] = ns;
    json["name"] = name;
    json["change"] = what;
  };
  if (const auto* resource = std::get_if<Resource>(&change.what)) {
    put(resource->key.kind.c_str(), resource->key.ns, resource->key.name, "applied");
  } else if (const auto* workload = std::get_if<model::Workload>(&change.what)) {
    put("Workload", workload->identity.ns, workload->id, "applied");
  } else if (const auto* removed = std::get_if<Change::RemovedResource>(&change.what)) {
    put(removed->key.kind.c_str(), removed->key.ns, removed->key.name, "deleted");
  } else if (const auto* gone = std::get_if<Change::RemovedWorkload>(&change.what)) {
    put("Workload", "", gone->id, "deleted");
  }
  return write(json);
}

std::string health_json(uint64_t revision) {
  return write({{"status", "ok"}, {"revision", revision}, {"version", kVersion}});
}

std::string rotation_json(RotationPhase phase) {
  return write({{"phase", to_string(phase)}});
}

std::string error_json(std::string_view code, std::string_view message) {
  return write({{"error", {{"code", code}, {"message", message}}}});
}

}  // namespace ripstop::control
