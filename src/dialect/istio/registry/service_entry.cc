#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.h"
#include "dialect/istio/readers.h"
#include "dialect/istio/registry/workload.h"
#include "dialect/istio/values.h"

namespace ripstop::dialect::istio {
namespace {

using model::AppProtocol;
using model::Resolution;

// DYNAMIC_DNS is read as NONE, with a warning.
enum class WrittenResolution : uint8_t { kNone, kStatic, kDns, kDnsRoundRobin, kDynamicDns };
constexpr std::array<std::pair<std::string_view, WrittenResolution>, 5> kResolutions = {
    {{"NONE", WrittenResolution::kNone},
     {"STATIC", WrittenResolution::kStatic},
     {"DNS", WrittenResolution::kDns},
     {"DNS_ROUND_ROBIN", WrittenResolution::kDnsRoundRobin},
     {"DYNAMIC_DNS", WrittenResolution::kDynamicDns}}};

constexpr std::array<std::pair<std::string_view, bool>, 2> kLocations = {
    {{"MESH_EXTERNAL", true}, {"MESH_INTERNAL", false}}};

constexpr size_t kMaxHosts = 256;
constexpr size_t kMaxPorts = 256;
constexpr size_t kMaxEndpoints = 4096;

// What a ServiceEntry says for all of its hosts.
struct Entry {
  model::Service service;  // without host
  std::vector<PlacedText> hosts;
  WrittenResolution resolution = WrittenResolution::kNone;
  bool has_ranges = false;
  bool has_wildcard = false;
};

AppProtocol read_protocol(const Context& context, Fields& port, uint16_t number) {
  const auto protocol = port.text("protocol");
  // Unlike a Service's, a ServiceEntry's port name says nothing about the protocol.
  if (!protocol || protocol->empty()) return model::app_protocol("", number);
  if (equals_ignore_case(*protocol, "http_proxy")) return AppProtocol::kHttp;
  const AppProtocol known = model::app_protocol(*protocol, 0);
  if (known == AppProtocol::kAuto || protocol->find('-') != std::string::npos) {
    if (equals_ignore_case(*protocol, "grpc-web")) return AppProtocol::kGrpcWeb;
    const std::vector<std::string> names = {"HTTP", "HTTPS", "HTTP2", "GRPC",  "GRPC-WEB",
                                            "TCP",  "TLS",   "MONGO", "REDIS", "MYSQL"};
    context.report.error("istio/bad-value", port.place("protocol"), quoted(*protocol) + " is not a protocol.",
                         "Use one of " + join(names, ", ") + ".");
  }
  return known;
}

void read_ports(const Context& context, Fields& spec, model::Service& service) {
  std::set<std::string> names;
  std::set<uint16_t> numbers;
  for (Fields& fields : spec.objects("ports")) {
    model::ServicePort port;
    const bool has_number = fields.has("number");
    port.number = fields.port("number").value_or(0);
    port.name = fields.text_or_empty("name");
    port.target_port = fields.port("targetPort").value_or(0);
    port.protocol = read_protocol(context, fields, port.number);
    if (!has_number) report_missing(context.report, fields.place("number"), "The port's number", "Write it.");
    if (port.name.empty()) {
      report_missing(context.report, fields.place("name"), "The port's name", "Write one, for instance \"http\".");
    } else if (!names.insert(port.name).second) {
      context.report.error("istio/duplicate", fields.place("name"),
                           "The port name " + quoted(port.name) + " appears twice.", "Give each port its own name.");
    }
    if (port.number != 0 && !numbers.insert(port.number).second) {
      context.report.error("istio/duplicate", fields.place("number"),
                           "The port " + std::to_string(port.number) + " appears twice.", "Keep one of the two.");
    }
    if (service.ports.size() == kMaxPorts) {
      context.report.error("istio/out-of-range", fields.here(), "There are more than 256 ports.",
                           "Make several ServiceEntries.");
      return;
    }
    service.ports.push_back(std::move(port));
  }
}

void read_addresses(const Context& context, Fields& spec, Entry& entry) {
  for (const PlacedText& text : spec.texts("addresses")) {
    entry.has_ranges |= text.value.find('/') != std::string::npos;
    const auto block = CidrBlock::parse(text.value);
    if (!block) {
      context.report.error("istio/bad-address", text.place,
                           quoted(text.value) + " is neither an IP address nor a block of them.",
                           "Write it as in 10.1.2.3 or 10.1.0.0/16.");
    } else if (block->prefix_bits == (block->network.is_v4() ? 32 : 128)) {
      entry.service.addresses.push_back(block->network);
    } else {
      entry.service.address_ranges.push_back(*block);
    }
  }
}

void read_hosts(const Context& context, Fields& spec, Entry& entry) {
  entry.hosts = spec.texts("hosts");
  std::set<std::string> seen;
  for (const PlacedText& host : entry.hosts) {
    entry.has_wildcard |= host.value.starts_with('*');
    if (host.value == "*") {
      context.report.error("istio/bad-host", host.place, "A ServiceEntry cannot be for every host.",
                           "Name the hosts, or a domain as in \"*.example.com\".");
    } else {
      check_wildcard_host(context.report, host);
    }
    if (!seen.insert(to_lower(host.value)).second) {
      context.report.error("istio/duplicate", host.place, quoted(host.value) + " appears twice among the hosts.",
                           "Keep one of the two.");
    }
  }
  if (entry.hosts.empty()) {
    report_missing(context.report, spec.place("hosts"), "The host", "List at least one under hosts.");
  } else if (entry.hosts.size() > kMaxHosts) {
    context.report.error("istio/out-of-range", spec.place("hosts"), "There are more than 256 hosts.",
                         "Make several ServiceEntries.");
  }
}

void check_endpoint(const Context& context, const Entry& entry, const WorkloadFields& workload) {
  for (const auto& [name, port] : workload.endpoint.ports) {
    if (std::ranges::find(entry.service.ports, name, &model::ServicePort::name) != entry.service.ports.end()) continue;
    context.report.error("istio/bad-port", workload.ports,
                         "The endpoint's port " + quoted(name) + " is none of this ServiceEntry's ports.",
                         "Use the name of one of spec.ports.");
  }
  const bool needs_ip = entry.resolution == WrittenResolution::kStatic && !workload.is_unix;
  const std::string& address = workload.endpoint.address;
  if (needs_ip && !address.empty() && !IpAddress::parse(address)) {
    context.report.error("istio/bad-address", workload.address,
                         quoted(address) + " is not an IP address, which STATIC resolution needs.",
                         "Write an IP address, or use resolution: DNS.");
  }
}

void read_endpoints(const Context& context, Fields& spec, Entry& entry) {
  auto written = spec.objects("endpoints");
  for (Fields& fields : written) {
    WorkloadFields workload = read_workload_fields(context, fields);
    check_endpoint(context, entry, workload);
    if (!workload.network.empty()) {
      context.report.warning("istio/not-honoured", fields.place("network"),
                             "Networks are not honoured yet: the address must be reachable directly.",
                             "Make sure that it is.");
    }
    const bool is_usable = !workload.is_unix && !workload.endpoint.address.empty();
    if (is_usable) entry.service.endpoints.push_back(std::move(workload.endpoint));
  }
  if (written.size() > kMaxEndpoints) {
    context.report.error("istio/out-of-range", spec.place("endpoints"), "There are more than 4096 endpoints.",
                         "Make several ServiceEntries, or use WorkloadEntries.");
  }
  if (!written.empty() && spec.has("workloadSelector")) {
    report_conflict(context.report, spec.place("workloadSelector"),
                    "endpoints and workloadSelector exclude each other.", "Keep one of them.");
  }
  if (!written.empty() && entry.resolution == WrittenResolution::kNone) {
    report_conflict(context.report, spec.place("endpoints"), "Resolution NONE takes no endpoints.",
                    "Write resolution: STATIC or DNS, or remove the endpoints.");
  }
  if (written.size() > 1 && entry.resolution == WrittenResolution::kDnsRoundRobin) {
    report_conflict(context.report, spec.place("endpoints"), "DNS_ROUND_ROBIN takes one endpoint at most.",
                    "Use resolution: DNS for several.");
  }
}

bool uses_dns(WrittenResolution resolution) {
  return resolution == WrittenResolution::kDns || resolution == WrittenResolution::kDnsRoundRobin;
}

// Without an address of its own, plain TCP to such a service can only be told apart by the port.
void check_addresses(const Context& context, Fields& spec, const Entry& entry) {
  if (entry.resolution != WrittenResolution::kNone || spec.has("addresses")) return;
  const auto& ports = entry.service.ports;
  const auto port = std::ranges::find_if(ports, [](const model::ServicePort& candidate) {
    return candidate.protocol == AppProtocol::kTcp || candidate.protocol == AppProtocol::kAuto;
  });
  if (port == ports.end()) return;
  const std::string index = "[" + std::to_string(port - ports.begin()) + "]";
  context.report.warning("istio/addresses-needed", {spec.place("ports").at, "spec.ports" + index},
                         "Port " + std::to_string(port->number) +
                             " is plain TCP and the service has no address, so connections to this port of every "
                             "address are taken for it.",
                         "Write spec.addresses, or the port's protocol if it is HTTP or TLS.");
}

void check_resolution(const Context& context, Fields& spec, const Entry& entry) {
  if (entry.has_ranges && entry.resolution != WrittenResolution::kNone &&
      entry.resolution != WrittenResolution::kStatic) {
    report_conflict(context.report, spec.place("addresses"), "Blocks of addresses go with NONE and STATIC only.",
                    "Write single addresses, or change the resolution.");
  }
  if (uses_dns(entry.resolution) && entry.has_wildcard && !spec.has("endpoints") && !spec.has("workloadSelector")) {
    report_conflict(context.report, spec.place("resolution"), "A host that starts with * cannot be looked up in DNS.",
                    "Give endpoints to look up instead, or use resolution: NONE.");
  }
  if (entry.resolution == WrittenResolution::kDynamicDns) {
    context.report.warning("istio/not-honoured", spec.place("resolution"),
                           "DYNAMIC_DNS is not honoured yet: connections go to the address that the client chose.",
                           "Use resolution: NONE to say so.");
  }
  const bool are_told_apart = std::ranges::all_of(entry.service.ports, [](const model::ServicePort& port) {
    return model::is_http(port.protocol) || port.protocol == AppProtocol::kTls;
  });
  if (entry.resolution != WrittenResolution::kNone && entry.hosts.size() > 1 && !are_told_apart) {
    report_conflict(context.report, spec.place("hosts"),
                    "Several hosts cannot be told apart on a port that is neither HTTP nor TLS.",
                    "Make one ServiceEntry per host, or say the port's protocol.");
  }
}

Resolution resolution_of(WrittenResolution written) {
  switch (written) {
    case WrittenResolution::kStatic:
      return Resolution::kStatic;
    case WrittenResolution::kDns:
      return Resolution::kDns;
    case WrittenResolution::kDnsRoundRobin:
      return Resolution::kDnsRoundRobin;
    case WrittenResolution::kNone:
    case WrittenResolution::kDynamicDns:
      return Resolution::kNone;
  }
  return Resolution::kNone;
}

// The short name, when the host is a service of this namespace inside the mesh's domain.
std::string short_name(const Context& context, const std::string& host) {
  const std::string suffix = "." + context.resource.ns + ".svc." + context.settings.dns_domain;
  return host.ends_with(suffix) && !host.starts_with('*') ? host.substr(0, host.size() - suffix.size()) : "";
}

}  // namespace

void read_service_entry(const Context& context, Fields& spec, model::MeshConfig& into) {
  Entry entry;
  model::Service& service = entry.service;
  service.ns = context.resource.ns;
  service.origin = context.origin();
  entry.resolution = spec.choice<WrittenResolution>("resolution", kResolutions).value_or(WrittenResolution::kNone);
  service.resolution = resolution_of(entry.resolution);
  service.is_external = spec.choice<bool>("location", kLocations).value_or(true);
  service.export_to = read_export_to(spec);
  read_hosts(context, spec, entry);
  read_addresses(context, spec, entry);
  read_ports(context, spec, service);
  service.selector = read_selector(context, spec, "workloadSelector", "labels");
  read_endpoints(context, spec, entry);
  for (PlacedText& name : spec.texts("subjectAltNames")) service.subject_alt_names.push_back(std::move(name.value));
  check_resolution(context, spec, entry);
  check_addresses(context, spec, entry);
  if (spec.has("workloadSelector") && !service.selector) {
    context.report.warning("istio/no-effect", spec.place("workloadSelector"),
                           "The selector names no label, so it selects no workload.",
                           "Write the labels of the workloads under labels.");
  }
  if (context.report.has_error()) return;
  for (const PlacedText& host : entry.hosts) {
    model::Service one = service;
    one.host = to_lower(host.value);
    if (one.host.ends_with('.')) one.host.pop_back();
    one.name = short_name(context, one.host);
    into.services.push_back(std::move(one));
  }
}

}  // namespace ripstop::dialect::istio
