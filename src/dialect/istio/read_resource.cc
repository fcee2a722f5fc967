#include <algorithm>
#include <array>
#include <utility>

#include "dialect/istio/readers.h"
#include "dialect/istio/values.h"

namespace ripstop::dialect::istio {
namespace {

using Reader = void (*)(const Context&, Fields&, model::MeshConfig&);

constexpr std::array<std::pair<std::string_view, Reader>, 5> kReaders = {{
    {"VirtualService", read_virtual_service},
    {"DestinationRule", read_destination_rule},
    {"ServiceEntry", read_service_entry},
    {"WorkloadEntry", read_workload_entry},
    {"PeerAuthentication", read_peer_authentication},
}};

}  // namespace

void read_resource(const Context& context, const Node& root, model::MeshConfig& into) {
  const auto reader = std::ranges::find(kReaders, context.resource.kind, &std::pair<std::string_view, Reader>::first);
  if (reader == kReaders.end()) return;
  static const Node empty{.kind = Node::Kind::kMap};
  const Node* spec = root.find("spec");
  const bool is_absent = spec == nullptr || spec->kind == Node::Kind::kNull;
  // Only a PeerAuthentication may say nothing at all.
  if (is_absent && context.resource.kind != "PeerAuthentication") {
    report_missing(context.report, {root.at, "spec"}, "The spec", "Write what the resource is to do under spec.");
    return;
  }
  Fields fields(context.report, is_absent ? empty : *spec, "spec");
  reader->second(context, fields, into);
}

}  // namespace ripstop::dialect::istio
