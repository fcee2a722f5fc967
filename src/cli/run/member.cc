#include "cli/run/member.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/api/answer.h"

namespace ripstop::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kControlCluster = "ripstop-control";
constexpr const char* kTlsType = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
constexpr const char* kHttpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

Json socket_address(const SocketAddress& address) {
  return {{"socket_address", {{"address", address.ip.to_string()}, {"port_value", address.port}}}};
}

Json secret(const char* name) {
  return {{"name", name}, {"sds_config", {{"ads", Json::object()}, {"resource_api_version", "V3"}}}};
}

Json node(const Member& member, const Registration& registration) {
  Json labels = Json::object();
  labels["app"] = member.service;
  for (const auto& [key, value] : member.labels) labels[key] = value;
  return {{"id", fmt::format("sidecar~127.0.0.1~{}.{}~{}.svc.cluster.local", registration.id, member.ns, member.ns)},
          {"cluster", member.service},
          {"metadata",
           {{"NAMESPACE", member.ns},
            {"SERVICE_ACCOUNT", member.service_account},
            {"WORKLOAD_NAME", registration.workload},
            {"LABELS", labels},
            {"CLUSTER_ID", registration.cluster_id},
            {"MESH_ID", registration.mesh_id},
            {"RIPSTOP_WORKLOAD_ID", registration.id}}}};
}

Json control_cluster(const Registration& registration) {
  const std::string server = "spiffe://" + registration.trust_domain + "/ns/ripstop-system/sa/ripstop-control";
  Json endpoint = {{"endpoint", {{"address", socket_address(registration.xds_address)}}}};
  Json names = Json::array({{{"san_type", "URI"}, {"matcher", {{"exact", server}}}}});
  Json validation = {{"default_validation_context", {{"match_typed_subject_alt_names", names}}},
                     {"validation_context_sds_secret_config", secret("ROOTCA")}};
  Json tls = {{"@type", kTlsType},
              {"common_tls_context",
               {{"tls_certificate_sds_secret_configs", Json::array({secret("default")})},
                {"combined_validation_context", validation}}}};
  Json http2 = {{"@type", std::string("type.googleapis.com/") + kHttpOptions},
                {"explicit_http_config", {{"http2_protocol_options", Json::object()}}}};
  return {
      {"name", kControlCluster},
      {"type", "STATIC"},
      {"connect_timeout", "5s"},
      {"load_assignment",
       {{"cluster_name", kControlCluster}, {"endpoints", Json::array({{{"lb_endpoints", Json::array({endpoint})}}})}}},
      {"transport_socket", {{"name", "envoy.transport_sockets.tls"}, {"typed_config", tls}}},
      {"typed_extension_protocol_options", {{kHttpOptions, http2}}}};
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string registration_request(const Member& member, pid_t process) {
  Json ports = Json::array();
  for (const MemberPort& port : member.ports) {
    ports.push_back({{"port", port.port}, {"address", port.address.to_string()}});
  }
  Json labels = Json::object();
  for (const auto& [key, value] : member.labels) labels[key] = value;
  return Json{{"service", member.service},
              {"namespace", member.ns},
              {"service_account", member.service_account},
              {"labels", labels},
              {"ports", ports},
              {"admin_address", member.admin.to_string()},
              {"pid", process}}
      .dump();
}

Result<Registration> parse_registration(std::string_view json) {
  const Json parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object()) return std::unexpected(not_an_object(json));
  Registration registration{.id = text_of(parsed, "id"),
                            .workload = text_of(parsed, "workload"),
                            .spiffe_id = text_of(parsed, "spiffe_id"),
                            .join_token = text_of(parsed, "join_token"),
                            .xds_address = {},
                            .roots_pem = text_of(parsed, "roots_pem"),
                            .cluster_id = text_of(parsed, "cluster_id"),
                            .mesh_id = text_of(parsed, "mesh_id"),
                            .trust_domain = text_of(parsed, "trust_domain")};
  const Result<SocketAddress> address = SocketAddress::parse(text_of(parsed, "xds_address"));
  if (!address || registration.id.empty() || registration.id.find('/') != std::string::npos) {
    return fail(ErrorCode::kParse, "the control plane's answer lacks an id or an address; are both of one version?");
  }
  registration.xds_address = *address;
  return registration;
}

Result<Registration> register_member(const ControlPlane& control_plane, const Member& member) {
  const Result<std::string> answer =
      control_plane.call("POST", "/v1/workloads", registration_request(member, getpid()));
  if (!answer) return std::unexpected(answer.error());
  return parse_registration(*answer);
}

Status deregister_member(const ControlPlane& control_plane, const std::string& id) {
  const Result<std::string> answer = control_plane.call("DELETE", "/v1/workloads/" + percent_encoded(id));
  if (!answer) return std::unexpected(answer.error());
  return {};
}

std::string member_bootstrap(const Member& member, const Registration& registration) {
  const Json ads = {{"ads", Json::object()}, {"resource_api_version", "V3"}};
  const Json source = {
      {"api_type", "DELTA_GRPC"},
      {"transport_api_version", "V3"},
      {"grpc_services", Json::array({{{"envoy_grpc", {{"cluster_name", kControlCluster}}}}})},
  };
  return Json{{"node", node(member, registration)},
              {"admin", {{"address", socket_address(member.admin)}}},
              {"dynamic_resources", {{"ads_config", source}, {"lds_config", ads}, {"cds_config", ads}}},
              {"static_resources", {{"clusters", Json::array({control_cluster(registration)})}}}}
             .dump(2) +
         "\n";
}

}  // namespace ripstop::cli
