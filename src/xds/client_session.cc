#include "xds/client_session.h"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <unordered_set>

#include "envoy/config/core/v3/address.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "xds/wire/message.h"

namespace ripstop::xds {
namespace {

namespace discovery = envoy::service::discovery::v3;

constexpr std::string_view kWildcard = "*";
constexpr int kInvalidArgument = 3;  // google.rpc.Code
constexpr size_t kMaxReasonBytes = 8192;

// Why a response cannot be taken apart; empty when it can.
std::string find_fault(const discovery::DeltaDiscoveryResponse& response) {
  std::unordered_set<std::string_view> seen;
  for (const auto& resource : response.resources()) {
    if (resource.name().empty()) return "The response has a resource without a name.";
    if (!seen.insert(resource.name()).second) {
      return fmt::format("The response has the resource \"{}\" twice.", resource.name());
    }
    if (resource.has_resource() && resource.resource().type_url() != response.type_url()) {
      return fmt::format("The resource \"{}\" is a {}, but the response is for {}.", resource.name(),
                         resource.resource().type_url(), response.type_url());
    }
  }
  for (const std::string& name : response.removed_resources()) {
    if (!seen.insert(name).second) return fmt::format("The response has the resource \"{}\" twice.", name);
  }
  return {};
}

// protobuf strings are UTF-8; what is not, or would make the message too long, is left out.
std::string as_reason(std::string_view text) {
  std::string reason;
  for (const char c : text.substr(0, kMaxReasonBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    reason += byte < 0x80 ? c : '?';
  }
  return reason;
}

}  // namespace

ClientSession::Type& ClientSession::type(std::string_view type_url) {
  const auto found = types_.find(type_url);
  return found != types_.end() ? found->second : types_.emplace(std::string(type_url), Type{}).first->second;
}

void ClientSession::subscribe_all(std::string_view type_url) {
  Type& one = type(type_url);
  if (one.wants_all) return;
  one.wants_all = true;
  one.to_subscribe.emplace(kWildcard);
}

void ClientSession::subscribe(std::string_view type_url, std::string_view name) {
  Type& one = type(type_url);
  if (!one.names.emplace(name).second) return;
  one.to_unsubscribe.erase(std::string(name));
  one.to_subscribe.emplace(name);
}

void ClientSession::unsubscribe(std::string_view type_url, std::string_view name) {
  Type& one = type(type_url);
  if (one.names.erase(std::string(name)) == 0) return;
  if (!one.wants_all) one.versions.erase(std::string(name));
  // What the server was never told of need not be taken back.
  if (one.to_subscribe.erase(std::string(name)) == 0) one.to_unsubscribe.emplace(name);
}

void ClientSession::connected() {
  disconnected();
  is_connected_ = true;
  ++stream_;
}

void ClientSession::disconnected() {
  is_connected_ = false;
  has_sent_node_ = false;
  verdicts_.clear();
  for (auto& [url, one] : types_) {
    one.is_introduced = false;
    one.to_subscribe.clear();
    one.to_unsubscribe.clear();
  }
}

std::vector<std::string> ClientSession::take_requests() {
  std::vector<std::string> requests;
  if (!is_connected_) return requests;
  requests.swap(verdicts_);
  add_introductions(requests);
  add_changes(requests);
  return requests;
}

void ClientSession::add_introductions(std::vector<std::string>& requests) {
  for (auto& [url, one] : types_) {
    if (one.is_introduced || (!one.wants_all && one.names.empty())) continue;
    discovery::DeltaDiscoveryRequest request;
    request.set_type_url(url);
    if (!has_sent_node_) has_sent_node_ = request.mutable_node()->ParseFromString(node_);
    // A list that is empty from the start means everything, in a way that older servers understand, too.
    if (one.wants_all && !one.names.empty()) request.add_resource_names_subscribe(std::string(kWildcard));
    for (const std::string& name : one.names) request.add_resource_names_subscribe(name);
    for (const auto& [name, version] : one.versions) (*request.mutable_initial_resource_versions())[name] = version;
    one.is_introduced = true;
    one.to_subscribe.clear();
    one.to_unsubscribe.clear();
    requests.push_back(to_bytes(request));
  }
}

void ClientSession::add_changes(std::vector<std::string>& requests) {
  for (auto& [url, one] : types_) {
    if (!one.is_introduced || (one.to_subscribe.empty() && one.to_unsubscribe.empty())) continue;
    discovery::DeltaDiscoveryRequest request;
    request.set_type_url(url);
    // Names that come after an empty first list would end what it stood for, so the wildcard is said again.
    if (one.wants_all && !one.to_subscribe.empty()) one.to_subscribe.emplace(kWildcard);
    for (const std::string& name : one.to_subscribe) request.add_resource_names_subscribe(name);
    for (const std::string& name : one.to_unsubscribe) request.add_resource_names_unsubscribe(name);
    one.to_subscribe.clear();
    one.to_unsubscribe.clear();
    requests.push_back(to_bytes(request));
  }
}

Result<std::optional<Update>> ClientSession::receive(std::string_view message) {
  discovery::DeltaDiscoveryResponse response;
  if (!response.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    return fail(ErrorCode::kParse, "the control plane sent a message that is no DeltaDiscoveryResponse");
  }
  Update update{
      .type_url = response.type_url(), .nonce = response.nonce(), .stream = stream_, .resources = {}, .removed = {}};
  const auto found = types_.find(response.type_url());
  if (found == types_.end()) {
    reject(update, "Nobody subscribed to this type.");
    return std::nullopt;
  }
  if (const std::string fault = find_fault(response); !fault.empty()) {
    reject(update, fault);
    return std::nullopt;
  }
  for (auto& resource : *response.mutable_resources()) {
    // A resource without a body only renews its time to live.
    if (!resource.has_resource() || !found->second.wants(resource.name())) continue;
    update.resources.push_back({.name = std::move(*resource.mutable_name()),
                                .version = std::move(*resource.mutable_version()),
                                .body = std::move(*resource.mutable_resource()->mutable_value())});
  }
  for (std::string& name : *response.mutable_removed_resources()) {
    if (found->second.wants(name)) update.removed.push_back(std::move(name));
  }
  return update;
}

void ClientSession::accept(const Update& update) {
  Type& one = type(update.type_url);
  for (const Update::Item& item : update.resources) {
    if (one.wants(item.name)) one.versions.insert_or_assign(item.name, item.version);
  }
  for (const std::string& name : update.removed) one.versions.erase(name);
  add_verdict(update, std::nullopt);
}

void ClientSession::reject(const Update& update, std::string_view reason) {
  add_verdict(update, reason);
}

void ClientSession::add_verdict(const Update& update, std::optional<std::string_view> refusal) {
  if (!is_connected_ || update.stream != stream_) return;
  discovery::DeltaDiscoveryRequest request;
  request.set_type_url(update.type_url);
  request.set_response_nonce(update.nonce);
  if (refusal) {
    request.mutable_error_detail()->set_code(kInvalidArgument);
    request.mutable_error_detail()->set_message(as_reason(*refusal));
  }
  verdicts_.push_back(to_bytes(request));
}

std::string_view ClientSession::version(std::string_view type_url, std::string_view name) const {
  const auto one = types_.find(type_url);
  if (one == types_.end()) return {};
  const auto found = one->second.versions.find(name);
  return found == one->second.versions.end() ? std::string_view() : found->second;
}

}  // namespace ripstop::xds
