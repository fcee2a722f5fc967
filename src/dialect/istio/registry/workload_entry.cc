#include <algorithm>
#include <utility>

#include "base/address.h"
#include "base/text.h"
#include "dialect/istio/readers.h"
#include "dialect/istio/registry/workload.h"
#include "dialect/istio/values.h"

namespace ripstop::dialect::istio {
namespace {

constexpr std::string_view kUnixScheme = "unix://";
constexpr size_t kMaxPortName = 62;
constexpr size_t kMaxAddress = 256;
constexpr std::string_view kTlsModeLabel = "security.istio.io/tlsMode";

bool is_port_name(std::string_view name) {
  const auto is_alphanumeric = [](char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
  };
  return !name.empty() && name.size() <= kMaxPortName && is_alphanumeric(name.front()) &&
         is_alphanumeric(name.back()) &&
         std::ranges::all_of(name, [&](char c) { return is_alphanumeric(c) || c == '-'; });
}

void check_unix_address(const Context& context, const WorkloadFields& workload) {
  const std::string_view path = std::string_view(workload.endpoint.address).substr(kUnixScheme.size());
  if (path.size() < 2 || (path[0] != '/' && path[0] != '@') || path.ends_with('/')) {
    context.report.error("istio/bad-address", workload.address,
                         quoted(workload.endpoint.address) + " is not the address of a Unix socket.",
                         "Write unix:// and an absolute path to a file, or @ and an abstract name.");
  }
  if (!workload.endpoint.ports.empty()) {
    report_conflict(context.report, workload.ports, "A Unix socket has no ports.", "Remove the ports.");
  }
  context.report.warning("istio/not-honoured", workload.address,
                         "Unix sockets are not honoured yet, so this address gets no traffic.", "Use an IP address.");
}

void check_address(const Context& context, const WorkloadFields& workload) {
  const std::string& address = workload.endpoint.address;
  if (address.empty() && workload.network.empty()) {
    report_missing(context.report, workload.address, "The address", "Write an IP address or a host name.");
  } else if (!address.empty() && !IpAddress::parse(address) && (address.size() > kMaxAddress || !is_host(address))) {
    context.report.error("istio/bad-address", workload.address,
                         quoted(address) + " is neither an IP address nor a host name.", "Check it for mistypings.");
  }
}

}  // namespace

WorkloadFields read_workload_fields(const Context& context, Fields& fields) {
  WorkloadFields workload;
  model::ServiceEndpoint& endpoint = workload.endpoint;
  endpoint.address = fields.text_or_empty("address");
  workload.address = fields.place("address");
  workload.ports = fields.place("ports");
  if (auto ports = fields.port_map("ports"); !ports.empty()) {
    for (const auto& [name, port] : ports) {
      if (!is_port_name(name.value)) {
        context.report.error("istio/bad-port", name.place, quoted(name.value) + " is not the name of a port.",
                             "Use at most 62 letters, digits and '-'.");
      }
      endpoint.ports[name.value] = port;
    }
  }
  endpoint.labels = fields.labels("labels");
  endpoint.locality = parse_locality(fields.text_or_empty("locality"));
  // Istio takes 0 for "not set".
  endpoint.weight = std::max(fields.count("weight").value_or(1), 1U);
  endpoint.service_account = fields.text_or_empty("serviceAccount");
  workload.network = fields.text_or_empty("network");
  if (!endpoint.service_account.empty() && !is_dns_subdomain(endpoint.service_account)) {
    context.report.error("istio/bad-value", fields.place("serviceAccount"),
                         quoted(endpoint.service_account) + " is not the name of a service account.",
                         "Use lower-case letters, digits, '-' and '.'.");
  }
  workload.is_unix = endpoint.address.starts_with(kUnixScheme);
  if (workload.is_unix) {
    check_unix_address(context, workload);
  } else {
    check_address(context, workload);
  }
  return workload;
}

void read_workload_entry(const Context& context, Fields& spec, model::MeshConfig& into) {
  WorkloadFields fields = read_workload_fields(context, spec);
  model::Workload workload;
  workload.id = context.resource.ns + "/" + context.resource.name;
  workload.name = context.resource.name;
  workload.identity = {context.settings.trust_domain, context.resource.ns,
                       fields.endpoint.service_account.empty() ? "default" : fields.endpoint.service_account};
  // The resource's own labels win over those in its spec.
  workload.labels = context.resource.labels;
  workload.labels.merge(std::move(fields.endpoint.labels));
  workload.address = std::move(fields.endpoint.address);
  workload.port_names = std::move(fields.endpoint.ports);
  workload.locality = std::move(fields.endpoint.locality);
  workload.weight = fields.endpoint.weight;
  workload.network = std::move(fields.network);
  const auto tls_mode = workload.labels.find(std::string(kTlsModeLabel));
  workload.has_proxy =
      tls_mode == workload.labels.end() ? !fields.endpoint.service_account.empty() : tls_mode->second == "istio";
  workload.origin = context.origin();
  if (!fields.is_unix && !workload.address.empty()) into.workloads.push_back(std::move(workload));
}

}  // namespace ripstop::dialect::istio
