#include <array>
#include <utility>

#include "base/text.h"
#include "dialect/istio/readers.h"
#include "dialect/istio/values.h"

namespace ripstop::dialect::istio {
namespace {

using model::MtlsMode;

constexpr std::array<std::pair<std::string_view, MtlsMode>, 4> kModes = {{{"UNSET", MtlsMode::kUnset},
                                                                          {"DISABLE", MtlsMode::kDisable},
                                                                          {"PERMISSIVE", MtlsMode::kPermissive},
                                                                          {"STRICT", MtlsMode::kStrict}}};

MtlsMode read_mode(Fields& fields) {
  return fields.choice<MtlsMode>("mode", kModes).value_or(MtlsMode::kUnset);
}

void read_port_modes(const Context& context, Fields& spec, model::ServerMtls& policy) {
  for (auto& [key, fields] : spec.object_map("portLevelMtls")) {
    const MtlsMode mode = read_mode(fields);
    const auto port = parse_number<uint16_t>(key.value);
    if (!port || *port == 0) {
      context.report.error("istio/bad-port", key.place, quoted(key.value) + " is not a port.",
                           "Write a number from 1 to 65535 as the key.");
      continue;
    }
    policy.port_modes[*port] = mode;
  }
  if (!spec.has("portLevelMtls")) return;
  if (!policy.selector) {
    report_conflict(context.report, spec.place("portLevelMtls"),
                    "portLevelMtls needs a selector: ports belong to workloads, not to a namespace.",
                    "Add selector.matchLabels, or remove portLevelMtls.");
  }
  if (policy.port_modes.empty() && !context.report.has_error()) {
    report_missing(context.report, spec.place("portLevelMtls"), "The port", "Write at least one port and its mode.");
  }
}

void check_selector(const Context& context, const Fields& spec, const model::ServerMtls& policy) {
  if (!policy.selector || context.resource.ns != context.settings.root_namespace) return;
  context.report.warning("istio/no-effect", spec.place("selector"),
                         "In the root namespace a PeerAuthentication with a selector is ignored.",
                         "Move it to the namespace of the workloads, or remove the selector to set the whole mesh.");
}

}  // namespace

void read_peer_authentication(const Context& context, Fields& spec, model::MeshConfig& into) {
  model::ServerMtls policy;
  policy.ns = context.resource.ns;
  policy.created = context.resource.created;
  policy.origin = context.origin();
  policy.selector = read_selector(context, spec, "selector", "matchLabels");
  if (auto mtls = spec.object("mtls")) policy.mode = read_mode(*mtls);
  read_port_modes(context, spec, policy);
  check_selector(context, spec, policy);
  const bool is_ignored = policy.selector && context.resource.ns == context.settings.root_namespace;
  if (!is_ignored) into.server_mtls.push_back(std::move(policy));
}

}  // namespace ripstop::dialect::istio
