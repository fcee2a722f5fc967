#include "proxy/config/node_labels.h"

#include <string>

#include "envoy/config/core/v3/base.pb.h"
#include "model/service.h"

namespace ripstop::proxy {
namespace {

std::string text_of(const google::protobuf::Struct& fields, const std::string& key) {
  const auto found = fields.fields().find(key);
  return found == fields.fields().end() ? std::string() : found->second.string_value();
}

}  // namespace

model::PeerLabels labels_of_node(std::string_view node) {
  envoy::config::core::v3::Node parsed;
  if (!parsed.ParseFromArray(node.data(), static_cast<int>(node.size()))) return {};
  const google::protobuf::Struct& metadata = parsed.metadata();
  model::Workload workload;
  workload.name = text_of(metadata, "WORKLOAD_NAME");
  workload.identity.ns = text_of(metadata, "NAMESPACE");
  const auto labels = metadata.fields().find("LABELS");
  if (labels != metadata.fields().end()) {
    for (const auto& [key, value] : labels->second.struct_value().fields()) {
      workload.labels.emplace(key, value.string_value());
    }
  }
  model::PeerLabels own = model::peer_labels(workload, text_of(metadata, "CLUSTER_ID"));
  own.principal.clear();
  return own;
}

}  // namespace ripstop::proxy
