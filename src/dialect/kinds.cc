#include <algorithm>
#include <array>

#include "base/text.h"
#include "dialect/dialect.h"

namespace ripstop::dialect {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::string_view kNetworking = "networking.istio.io";
constexpr std::string_view kSecurity = "security.istio.io";
constexpr std::string_view kGatewayApi = "gateway.networking.k8s.io";

constexpr std::string_view kNetworkingVersions[] = {"v1", "v1beta1", "v1alpha3"};
constexpr std::string_view kSecurityVersions[] = {"v1", "v1beta1"};
constexpr std::string_view kTelemetryVersions[] = {"v1", "v1alpha1"};
constexpr std::string_view kV1Alpha1[] = {"v1alpha1"};
constexpr std::string_view kV1Alpha3[] = {"v1alpha3"};
constexpr std::string_view kV1Beta1[] = {"v1beta1"};
constexpr std::string_view kV1[] = {"v1"};
constexpr std::string_view kGatewayApiVersions[] = {"v1", "v1beta1", "v1alpha2"};
constexpr std::string_view kAutoscalingVersions[] = {"v2", "v1"};

constexpr std::string_view kVs[] = {"vs"};
constexpr std::string_view kDr[] = {"dr"};
constexpr std::string_view kSe[] = {"se"};
constexpr std::string_view kWe[] = {"we"};
constexpr std::string_view kWg[] = {"wg"};
constexpr std::string_view kPa[] = {"pa"};
constexpr std::string_view kGw[] = {"gw"};
constexpr std::string_view kAp[] = {"ap", "authz"};
constexpr std::string_view kRa[] = {"ra"};
constexpr std::string_view kSvc[] = {"svc"};
constexpr std::string_view kSa[] = {"sa"};
constexpr std::string_view kCm[] = {"cm"};
constexpr std::string_view kNs[] = {"ns"};
constexpr std::string_view kPo[] = {"po"};
constexpr std::string_view kDeploy[] = {"deploy"};
constexpr std::string_view kDs[] = {"ds"};
constexpr std::string_view kSts[] = {"sts"};
constexpr std::string_view kIng[] = {"ing"};
constexpr std::string_view kCrd[] = {"crd"};

constexpr Kind planned(std::string_view name, std::string_view plural, std::string_view group, Words versions,
                       Words aliases = {}) {
  return {name, plural, aliases, group, versions, Support::kPlanned};
}

constexpr Kind bystander(std::string_view name, std::string_view plural, std::string_view group, Words aliases = {},
                         bool is_namespaced = true) {
  return {name, plural, aliases, group, kV1, Support::kBystander, is_namespaced};
}

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
constexpr std::string_view kAdmission = "admissionregistration.k8s.io";

constexpr Kind kKinds[] = {
    {"VirtualService", "virtualservices", kVs, kNetworking, kNetworkingVersions, Support::kHonoured},
    {"DestinationRule", "destinationrules", kDr, kNetworking, kNetworkingVersions, Support::kHonoured},
    {"ServiceEntry", "serviceentries", kSe, kNetworking, kNetworkingVersions, Support::kHonoured},
    {"WorkloadEntry", "workloadentries", kWe, kNetworking, kNetworkingVersions, Support::kHonoured},
    {"PeerAuthentication", "peerauthentications", kPa, kSecurity, kSecurityVersions, Support::kHonoured},

    planned("Gateway", "gateways", kNetworking, kNetworkingVersions, kGw),
    planned("Sidecar", "sidecars", kNetworking, kNetworkingVersions),
    planned("WorkloadGroup", "workloadgroups", kNetworking, kNetworkingVersions, kWg),
    planned("EnvoyFilter", "envoyfilters", kNetworking, kV1Alpha3),
    planned("ProxyConfig", "proxyconfigs", kNetworking, kV1Beta1),
    planned("AuthorizationPolicy", "authorizationpolicies", kSecurity, kSecurityVersions, kAp),
    planned("RequestAuthentication", "requestauthentications", kSecurity, kSecurityVersions, kRa),
    planned("Telemetry", "telemetries", "telemetry.istio.io", kTelemetryVersions),
    planned("WasmPlugin", "wasmplugins", "extensions.istio.io", kV1Alpha1),
    planned("TrafficExtension", "trafficextensions", "extensions.istio.io", kV1Alpha1),
    planned("GatewayClass", "gatewayclasses", kGatewayApi, kGatewayApiVersions),
    planned("Gateway", "gateways", kGatewayApi, kGatewayApiVersions),
    planned("HTTPRoute", "httproutes", kGatewayApi, kGatewayApiVersions),
    planned("GRPCRoute", "grpcroutes", kGatewayApi, kGatewayApiVersions),
    planned("TCPRoute", "tcproutes", kGatewayApi, kGatewayApiVersions),
    planned("TLSRoute", "tlsroutes", kGatewayApi, kGatewayApiVersions),
    planned("ReferenceGrant", "referencegrants", kGatewayApi, kGatewayApiVersions),
    planned("BackendTLSPolicy", "backendtlspolicies", kGatewayApi, kGatewayApiVersions),

    bystander("Service", "services", "", kSvc),
    bystander("ServiceAccount", "serviceaccounts", "", kSa),
    bystander("ConfigMap", "configmaps", "", kCm),
    bystander("Secret", "secrets", ""),
    bystander("Namespace", "namespaces", "", kNs, false),
    bystander("Pod", "pods", "", kPo),
    bystander("Endpoints", "endpoints", ""),
    bystander("PersistentVolumeClaim", "persistentvolumeclaims", ""),
    bystander("PersistentVolume", "persistentvolumes", "", {}, false),
    bystander("Deployment", "deployments", "apps", kDeploy),
    bystander("DaemonSet", "daemonsets", "apps", kDs),
    bystander("StatefulSet", "statefulsets", "apps", kSts),
    bystander("ReplicaSet", "replicasets", "apps"),
    bystander("Job", "jobs", "batch"),
    bystander("CronJob", "cronjobs", "batch"),
    bystander("Ingress", "ingresses", "networking.k8s.io", kIng),
    bystander("IngressClass", "ingressclasses", "networking.k8s.io", {}, false),
    bystander("NetworkPolicy", "networkpolicies", "networking.k8s.io"),
    {"HorizontalPodAutoscaler", "horizontalpodautoscalers", {}, "autoscaling", kAutoscalingVersions},
    bystander("PodDisruptionBudget", "poddisruptionbudgets", "policy"),
    bystander("Role", "roles", kRbac),
    bystander("RoleBinding", "rolebindings", kRbac),
    bystander("ClusterRole", "clusterroles", kRbac, {}, false),
    bystander("ClusterRoleBinding", "clusterrolebindings", kRbac, {}, false),
    bystander("CustomResourceDefinition", "customresourcedefinitions", "apiextensions.k8s.io", kCrd, false),
    bystander("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", kAdmission, {}, false),
    bystander("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", kAdmission, {}, false),
};

bool answers_to(const Kind& kind, std::string_view word) {
  return equals_ignore_case(kind.name, word) || equals_ignore_case(kind.plural, word) ||
         std::ranges::any_of(kind.aliases, [word](std::string_view alias) { return equals_ignore_case(alias, word); });
}

}  // namespace

std::span<const Kind> known_kinds() {
  return kKinds;
}

const Kind* find_kind(std::string_view word) {
  const size_t dot = word.find('.');
  const std::string_view group = dot == std::string_view::npos ? std::string_view() : word.substr(dot + 1);
  const std::string_view name = word.substr(0, dot);
  const auto found = std::ranges::find_if(kKinds, [group, name](const Kind& kind) {
    return answers_to(kind, name) && (group.empty() || equals_ignore_case(kind.group, group));
  });
  return found == std::end(kKinds) ? nullptr : &*found;
}

const Kind* find_kind(std::string_view group, std::string_view name) {
  const auto found = std::ranges::find_if(
      kKinds, [group, name](const Kind& kind) { return kind.group == group && kind.name == name; });
  return found == std::end(kKinds) ? nullptr : &*found;
}

std::optional<std::string> nearest_kind(std::string_view word) {
  if (word.size() > 64) return std::nullopt;
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) {
    if (equals_ignore_case(kind.name, word)) return std::string(kind.name);
    names.emplace_back(kind.name);
    names.emplace_back(kind.plural);
  }
  const auto found = nearest(word, names);
  return found ? std::optional(std::string(find_kind(*found)->name)) : std::nullopt;
}

}  // namespace ripstop::dialect
