#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <array>

#include "base/text.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "xds/wire/message.h"
#include "xds/wire/metadata.h"

namespace ripstop::xds {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

const Value* find(const Struct& wire, const char* key) {
  const auto found = wire.fields().find(key);
  return found == wire.fields().end() ? nullptr : &found->second;
}

const Struct* find_section(const envoy::config::core::v3::Metadata& wire, const char* name) {
  const auto found = wire.filter_metadata().find(name);
  return found == wire.filter_metadata().end() ? nullptr : &found->second;
}

const Struct* find_struct(const Struct& wire, const char* key) {
  const Value* value = find(wire, key);
  return value != nullptr && value->has_struct_value() ? &value->struct_value() : nullptr;
}

// Missing or of another kind: empty. Metadata informs people and metrics, so a stranger's shape is no error.
std::string text_of(const Struct& wire, const char* key) {
  const Value* value = find(wire, key);
  return value != nullptr && value->has_string_value() ? value->string_value() : std::string();
}

// "virtual-service" -> "VirtualService"
std::string pascal(std::string_view kebab) {
  std::string text;
  bool starts_word = true;
  for (const char c : kebab) {
    if (c == '-') {
      starts_word = true;
      continue;
    }
    text += starts_word && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    starts_word = false;
  }
  return text;
}

model::OriginRef origin_from_config_path(std::string_view path) {
  const std::vector<std::string_view> parts = split(path, '/');
  if (parts.size() != 8 || parts[1] != "apis" || parts[4] != "namespaces") return nullptr;
  return std::make_shared<const model::Origin>(model::Origin{.dialect = "istio",
                                                             .kind = pascal(parts[6]),
                                                             .ns = std::string(parts[5]),
                                                             .name = std::string(parts[7]),
                                                             .file = {},
                                                             .line = 0,
                                                             .field = {}});
}

model::OriginRef origin_from_struct(const Struct& wire) {
  model::Origin origin{.dialect = text_of(wire, "dialect"),
                       .kind = text_of(wire, "kind"),
                       .ns = text_of(wire, "namespace"),
                       .name = text_of(wire, "name"),
                       .file = text_of(wire, "file"),
                       .line = 0,
                       .field = text_of(wire, "field")};
  const Value* line = find(wire, "line");
  if (line != nullptr && line->number_value() >= 1 && line->number_value() < 4e9) {
    origin.line = static_cast<uint32_t>(line->number_value());
  }
  return std::make_shared<const model::Origin>(std::move(origin));
}

void decode_workload(std::string_view text, model::PeerLabels& labels) {
  const std::vector<std::string_view> parts = split(text, ';');
  const std::array<std::string*, 5> places = {&labels.workload, &labels.ns, &labels.canonical_service,
                                              &labels.canonical_revision, &labels.cluster};
  for (size_t i = 0; i < places.size() && i < parts.size(); ++i) *places[i] = parts[i];
}

}  // namespace

void decode_endpoint_metadata(const envoy::config::core::v3::Metadata& wire, const Cursor& at,
                              model::Endpoint& endpoint) {
  at.check_known(wire);
  if (const Struct* match = find_section(wire, "envoy.transport_socket_match")) {
    endpoint.takes_mtls = text_of(*match, kTlsModeKey.data()) == kTlsModeIstio;
  }
  if (const Struct* istio = find_section(wire, "istio")) decode_workload(text_of(*istio, "workload"), endpoint.labels);
  if (const Struct* own = find_section(wire, "ripstop")) {
    endpoint.labels.app = text_of(*own, "app");
    endpoint.labels.version = text_of(*own, "version");
    endpoint.labels.principal = text_of(*own, "principal");
  }
}

void decode_cluster_metadata(const envoy::config::core::v3::Metadata& wire, const Cursor& at, model::Cluster& cluster) {
  cluster.origin = decode_origin(wire, at);
  model::PeerLabels& labels = cluster.service_labels;
  if (const Struct* istio = find_section(wire, "istio")) {
    const Value* services = find(*istio, "services");
    if (services != nullptr && services->list_value().values_size() != 0) {
      const Struct& service = services->list_value().values(0).struct_value();
      cluster.service_host = text_of(service, "host");
      labels.canonical_service = text_of(service, "name");
      labels.ns = text_of(service, "namespace");
    }
  }
  const Struct* own = find_section(wire, "ripstop");
  if (own == nullptr) return;
  if (const Value* application = find(*own, "application")) cluster.is_application = application->bool_value();
  if (const Struct* rest = find_struct(*own, "labels")) {
    labels.workload = text_of(*rest, "workload");
    labels.app = text_of(*rest, "app");
    labels.version = text_of(*rest, "version");
    labels.canonical_revision = text_of(*rest, "canonical_revision");
    labels.cluster = text_of(*rest, "cluster");
    labels.principal = text_of(*rest, "principal");
  }
}

model::OriginRef decode_origin(const envoy::config::core::v3::Metadata& wire, const Cursor& at) {
  at.check_known(wire);
  if (const Struct* own = find_section(wire, "ripstop")) {
    if (const Struct* origin = find_struct(*own, "origin")) return origin_from_struct(*origin);
  }
  const Struct* istio = find_section(wire, "istio");
  return istio == nullptr ? nullptr : origin_from_config_path(text_of(*istio, "config"));
}

}  // namespace ripstop::xds
