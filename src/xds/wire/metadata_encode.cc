#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "base/text.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "xds/wire/message.h"
#include "xds/wire/metadata.h"

namespace ripstop::xds {
namespace {

using google::protobuf::Struct;

void put(Struct* wire, const std::string& key, const std::string& text) {
  if (!text.empty()) (*wire->mutable_fields())[key].set_string_value(text);
}

Struct* section(envoy::config::core::v3::Metadata* wire, const std::string& name) {
  return &(*wire->mutable_filter_metadata())[name];
}

// A section that says nothing is left out, so that equal models give equal bytes.
void put_section(envoy::config::core::v3::Metadata* wire, const std::string& name, const Struct& content) {
  if (content.fields_size() != 0) *section(wire, name) = content;
}

// "VirtualService" -> "virtual-service"
std::string kebab(std::string_view kind) {
  std::string text;
  for (const char c : kind) {
    if (c >= 'A' && c <= 'Z' && !text.empty()) text += '-';
    text += ascii_lower(c);
  }
  return text;
}

}  // namespace

void encode_endpoint_metadata(const model::Endpoint& endpoint, envoy::config::core::v3::Metadata* wire) {
  if (endpoint.takes_mtls) {
    put(section(wire, "envoy.transport_socket_match"), std::string(kTlsModeKey), std::string(kTlsModeIstio));
  }
  const model::PeerLabels& labels = endpoint.labels;
  const std::string workload = fmt::format("{};{};{};{};{}", labels.workload, labels.ns, labels.canonical_service,
                                           labels.canonical_revision, labels.cluster);
  if (workload != ";;;;") put(section(wire, "istio"), "workload", workload);
  Struct own;
  put(&own, "app", labels.app);
  put(&own, "version", labels.version);
  put(&own, "principal", labels.principal);
  put_section(wire, "ripstop", own);
}

void encode_cluster_metadata(const model::Cluster& cluster, envoy::config::core::v3::Metadata* wire) {
  encode_origin(cluster.origin, wire);
  const model::PeerLabels& labels = cluster.service_labels;
  Struct service;
  put(&service, "host", cluster.service_host);
  put(&service, "name", labels.canonical_service);
  put(&service, "namespace", labels.ns);
  if (service.fields_size() != 0) {
    auto* list = (*section(wire, "istio")->mutable_fields())["services"].mutable_list_value();
    *list->add_values()->mutable_struct_value() = service;
  }
  Struct rest;
  put(&rest, "workload", labels.workload);
  put(&rest, "app", labels.app);
  put(&rest, "version", labels.version);
  put(&rest, "canonical_revision", labels.canonical_revision);
  put(&rest, "cluster", labels.cluster);
  put(&rest, "principal", labels.principal);
  if (rest.fields_size() != 0) {
    *(*section(wire, "ripstop")->mutable_fields())["labels"].mutable_struct_value() = rest;
  }
  if (cluster.is_application) (*section(wire, "ripstop")->mutable_fields())["application"].set_bool_value(true);
}

void encode_origin(const model::OriginRef& origin, envoy::config::core::v3::Metadata* wire) {
  if (!origin) return;
  if (origin->dialect == "istio" && !origin->kind.empty()) {
    put(section(wire, "istio"), "config",
        fmt::format("/apis/networking.istio.io/v1/namespaces/{}/{}/{}", origin->ns, kebab(origin->kind), origin->name));
  }
  Struct content;
  put(&content, "dialect", origin->dialect);
  put(&content, "kind", origin->kind);
  put(&content, "namespace", origin->ns);
  put(&content, "name", origin->name);
  put(&content, "file", origin->file);
  put(&content, "field", origin->field);
  if (origin->line != 0) (*content.mutable_fields())["line"].set_number_value(origin->line);
  if (content.fields_size() != 0) {
    *(*section(wire, "ripstop")->mutable_fields())["origin"].mutable_struct_value() = content;
  }
}

}  // namespace ripstop::xds
