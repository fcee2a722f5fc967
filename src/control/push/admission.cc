#include "control/push/admission.h"

#include <utility>
#include <vector>

#include "base/text.h"
#include "envoy/config/core/v3/base.pb.h"

namespace ripstop::control {
namespace {

std::string text_of(const google::protobuf::Struct& metadata, const std::string& key) {
  const auto found = metadata.fields().find(key);
  return found == metadata.fields().end() ? std::string() : found->second.string_value();
}

// "sidecar~127.0.0.1~reviews-v1-1.default~default.svc.cluster.local"
std::string workload_in_id(std::string_view node_id) {
  const std::vector<std::string_view> parts = split(node_id, '~');
  if (parts.size() != 4) return {};
  const size_t dot = parts[2].rfind('.');
  return std::string(parts[2].substr(0, dot));
}

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::kPermissionDenied, std::move(message), ErrorOrigin::kDownstream);
}

std::string shown(const net::TlsSession* tls) {
  if (tls == nullptr) return "the connection has no TLS";
  if (!tls->has_peer_certificate) return "the client showed no certificate";
  return "the client's certificate is for " + (tls->peer_uris.empty() ? "nobody" : join(tls->peer_uris, ", "));
}

}  // namespace

ClientFacts read_facts(const xds::ClientNode& node) {
  ClientFacts facts{.node_id = node.id};
  envoy::config::core::v3::Node parsed;
  // The session has parsed these bytes already.
  parsed.ParseFromString(node.message);
  const google::protobuf::Struct& metadata = parsed.metadata();
  facts.workload_id = text_of(metadata, "RIPSTOP_WORKLOAD_ID");
  if (facts.workload_id.empty()) facts.workload_id = workload_in_id(node.id);
  facts.ns = text_of(metadata, "NAMESPACE");
  facts.service_account = text_of(metadata, "SERVICE_ACCOUNT");
  const std::string interception = text_of(metadata, "INTERCEPTION_MODE");
  facts.shares_namespace = interception == "REDIRECT" || interception == "TPROXY";
  facts.wants_names = text_of(metadata, "DNS_CAPTURE") != "false";
  facts.is_envoy = parsed.user_agent_name() == "envoy";
  return facts;
}

Result<const model::Workload*> admit(const ClientFacts& facts, const net::TlsSession* tls, const Workloads& workloads) {
  const auto found = workloads.find(facts.workload_id);
  if (found == workloads.end()) {
    return refuse("the node \"" + facts.node_id + "\" says it is the workload \"" + facts.workload_id +
                  "\", which is not registered; register it first (`ripstop run` does)");
  }
  const model::Workload& workload = found->second;
  const std::string expected = workload.identity.to_string();
  // Exactly one name, as the X509-SVID standard asks (section 2).
  if (tls == nullptr || tls->peer_uris.size() != 1 || tls->peer_uris.front() != expected) {
    return refuse("the workload " + workload.id + " is " + expected + ", but " + shown(tls) +
                  "; get a certificate with the workload's own join token");
  }
  if (!facts.ns.empty() && facts.ns != workload.identity.ns) {
    return refuse("the node's NAMESPACE is " + facts.ns + ", but the workload " + workload.id +
                  " was registered in the namespace " + workload.identity.ns);
  }
  if (!facts.service_account.empty() && facts.service_account != workload.identity.service_account) {
    return refuse("the node's SERVICE_ACCOUNT is " + facts.service_account + ", but the workload " + workload.id +
                  " was registered for the service account " + workload.identity.service_account);
  }
  return &workload;
}

translate::Proxy make_proxy(const ClientFacts& facts, const model::Workload& workload, std::string roots_pem) {
  translate::Proxy proxy;
  proxy.id = workload.id;
  proxy.identity = workload.identity;
  proxy.ns = workload.identity.ns;
  proxy.labels = workload.labels;
  proxy.locality = workload.locality;
  proxy.shares_namespace = facts.shares_namespace;
  proxy.inbound = workload.inbound;
  // Captured connections of the other address family arrive at a socket of their own.
  proxy.more_outbound_captures = {SocketAddress{IpAddress::v6({}), proxy.outbound_capture.port}};
  proxy.dns_capture = facts.wants_names;
  proxy.profile = facts.is_envoy ? translate::Profile::kEnvoy : translate::Profile::kRipstop;
  proxy.trusted_roots_pem = std::move(roots_pem);
  return proxy;
}

}  // namespace ripstop::control
