// Requests and subscriptions; what is sent in answer is server_session_send.cc's.
#include "xds/server_session.h"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "base/hash.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "xds/wire/message.h"

namespace ripstop::xds {
namespace {

namespace discovery = envoy::service::discovery::v3;

constexpr std::string_view kWildcard = "*";
constexpr size_t kMaxTypes = 64;
constexpr size_t kMaxNames = 200'000;
constexpr size_t kMaxNameBytes = 4096;
constexpr size_t kMaxRefusalBytes = 8192;

// Where a first list that is empty means everything.
bool is_wildcard_by_habit(std::string_view url) {
  return url == type::kListener || url == type::kCluster || url == type::kNameTable;
}

// Where a state-of-the-world response is the whole state, so that a first request is answered even with nothing.
bool is_full_state(std::string_view url) {
  return url == type::kListener || url == type::kCluster;
}

template <typename Names>
Status check_names(const Names& names, size_t already) {
  if (static_cast<size_t>(names.size()) + already > kMaxNames) {
    return fail(ErrorCode::kTooLarge, fmt::format("a client may subscribe to at most {} names of a type", kMaxNames));
  }
  for (const std::string& name : names) {
    if (name.empty() || name.size() > kMaxNameBytes) {
      return fail(ErrorCode::kInvalidArgument, "a resource name is empty or too long");
    }
  }
  return {};
}

ClientNode to_node(const envoy::config::core::v3::Node& wire) {
  ClientNode node{.id = wire.id(), .cluster = wire.cluster(), .user_agent = wire.user_agent_name(), .message = {}};
  if (!wire.user_agent_version().empty()) node.user_agent += "/" + wire.user_agent_version();
  node.message = to_bytes(wire);
  return node;
}

}  // namespace

Status ServerSession::receive(std::string_view message) {
  return variant_ == Variant::kDelta ? receive_delta(message) : receive_sotw(message);
}

template <typename Request>
Status ServerSession::admit(const Request& request) {
  if (!node_) {
    if (request.node().id().empty()) {
      return fail(ErrorCode::kInvalidArgument, "the first request of a stream must name its node (node.id)");
    }
    node_ = to_node(request.node());
  }
  if (request.type_url().empty()) return fail(ErrorCode::kInvalidArgument, "a request must name its type_url");
  if (!types_.contains(request.type_url()) && types_.size() == kMaxTypes) {
    return fail(ErrorCode::kTooLarge, fmt::format("a stream may ask for at most {} types", kMaxTypes));
  }
  return {};
}

// Takes note of an ACK or NACK; one for an earlier response than the outstanding one says nothing any more.
template <typename Request>
void ServerSession::settle(const Request& request, Type& type) {
  if (!type.in_flight || request.response_nonce() != type.in_flight->nonce) return;
  if (request.has_error_detail()) {
    type.refusal = request.error_detail().message().substr(0, kMaxRefusalBytes);
    if (type.refusal.empty()) type.refusal = "(the client gave no reason)";
    type.refused_version = type.in_flight->version;
  } else {
    type.acked_version = type.in_flight->version;
    type.refusal.clear();
    type.refused_version.clear();
  }
  type.in_flight.reset();
}

Status ServerSession::receive_delta(std::string_view message) {
  discovery::DeltaDiscoveryRequest request;
  if (Status parsed = parse_body(message, "DeltaDiscoveryRequest", request); !parsed) return parsed;
  if (Status admitted = admit(request); !admitted) return admitted;
  const std::string& url = request.type_url();
  const auto [entry, is_first] = types_.try_emplace(url);
  Type& type = entry->second;
  const size_t initial = static_cast<size_t>(request.initial_resource_versions_size());
  if (Status fine = check_names(request.resource_names_subscribe(), type.names.size() + initial); !fine) return fine;
  settle(request, type);
  const bool is_legacy = is_first && request.resource_names_subscribe().empty() && is_wildcard_by_habit(url);
  if (is_first) {
    for (const auto& [name, version] : request.initial_resource_versions()) type.sent[name] = content_hash(version);
  }
  for (const std::string& name : request.resource_names_subscribe()) subscribe(url, type, name);
  if (is_legacy) want_all(url, type);
  if (is_first && !type.is_wildcard) {
    std::erase_if(type.sent, [&type](const auto& one) { return !type.names.contains(one.first); });
  }
  for (const std::string& name : request.resource_names_unsubscribe()) unsubscribe(type, name);
  return {};
}

Status ServerSession::receive_sotw(std::string_view message) {
  discovery::DiscoveryRequest request;
  if (Status parsed = parse_body(message, "DiscoveryRequest", request); !parsed) return parsed;
  if (Status admitted = admit(request); !admitted) return admitted;
  const std::string& url = request.type_url();
  if (Status fine = check_names(request.resource_names(), 0); !fine) return fine;
  const auto [entry, is_first] = types_.try_emplace(url);
  Type& type = entry->second;
  // An answer to an older response is out of date in all it says: the client answers the newer one as well.
  if (!is_first && request.response_nonce() != type.last_nonce) return {};
  settle(request, type);
  if (is_first && is_full_state(url)) type.must_respond = true;
  std::set<std::string, std::less<>> names(request.resource_names().begin(), request.resource_names().end());
  if (names.empty() && !type.has_named && is_wildcard_by_habit(url)) names.emplace(kWildcard);
  if (!request.resource_names().empty()) type.has_named = true;
  replace_names(url, type, std::move(names));
  return {};
}

void ServerSession::subscribe(const std::string& url, Type& type, const std::string& name) {
  if (name == kWildcard) return want_all(url, type);
  const bool is_known_to_client = type.names.insert(name).second && !type.is_wildcard && type.sent.contains(name);
  if (is_known_to_client) {
    // A first request that says which version it has is answered only when that is out of date.
    type.dirty.insert(name);
  } else {
    type.forced.insert(name);
  }
}

void ServerSession::unsubscribe(Type& type, const std::string& name) {
  if (name == kWildcard) return stop_wanting_all(type);
  if (type.names.erase(name) == 0) return;
  if (type.is_wildcard) {
    type.forced.insert(name);
    return;
  }
  type.sent.erase(name);
  type.dirty.erase(name);
  type.forced.erase(name);
  type.withdrawals.erase(name);
}

void ServerSession::want_all(const std::string& url, Type& type) {
  if (type.is_wildcard) return;
  type.is_wildcard = true;
  // Even an empty answer tells a client that starts that there is nothing to wait for.
  type.must_respond = variant_ == Variant::kDelta || is_full_state(url);
  if (has_set_) compare_all(url, type);
}

void ServerSession::stop_wanting_all(Type& type) {
  type.is_wildcard = false;
  const auto is_unwanted = [&type](const std::string& name) { return !type.names.contains(name); };
  std::erase_if(type.sent, [&](const auto& one) { return is_unwanted(one.first); });
  std::erase_if(type.dirty, is_unwanted);
  std::erase_if(type.forced, is_unwanted);
  std::erase_if(type.withdrawals, is_unwanted);
  std::erase_if(type.lingering, [&](const auto& one) { return is_unwanted(one.first); });
}

void ServerSession::replace_names(const std::string& url, Type& type, std::set<std::string, std::less<>> names) {
  const bool wants_all = names.erase(std::string(kWildcard)) != 0;
  for (const std::string& name : names) {
    if (!type.names.contains(name)) type.forced.insert(name);
  }
  type.names = std::move(names);
  if (wants_all) {
    want_all(url, type);
  } else {
    stop_wanting_all(type);
  }
}

const ServedType* ServerSession::served(std::string_view url) const {
  const auto found = set_.find(url);
  return found == set_.end() ? nullptr : found->second.get();
}

const ServedResource* ServerSession::find(std::string_view url, std::string_view name) const {
  const ServedType* all = served(url);
  if (all == nullptr) return nullptr;
  const auto found = all->resources.find(name);
  return found == all->resources.end() ? nullptr : &found->second;
}

void ServerSession::update(ServedSet set, const ChangedNames& changed) {
  const ServedSet old = std::exchange(set_, std::move(set));
  const bool is_first = !std::exchange(has_set_, true);
  for (auto& [url, type] : types_) {
    const auto before = old.find(url);
    const ServedType* old_type = before == old.end() ? nullptr : before->second.get();
    if (!is_first && old_type == served(url)) continue;
    const auto list = changed.find(url);
    if (is_first || list == changed.end()) {
      compare_all(url, type);
    } else {
      for (const std::string& name : list->second) compare(url, type, name);
    }
    keep_withdrawn(url, type, old_type);
  }
}

void ServerSession::compare(const std::string& url, Type& type, const std::string& name) {
  if (!type.wants(name)) return;
  const ServedResource* resource = find(url, name);
  const auto sent = type.sent.find(name);
  const bool has = sent != type.sent.end();
  if (resource != nullptr) type.withdrawals.erase(name);
  if (resource == nullptr ? has : !has || sent->second != content_hash(resource->version)) type.dirty.insert(name);
}

void ServerSession::compare_all(const std::string& url, Type& type) {
  if (const ServedType* all = served(url); all != nullptr && type.is_wildcard) {
    for (const auto& [name, resource] : all->resources) compare(url, type, name);
  }
  for (const std::string& name : type.names) compare(url, type, name);
  for (const auto& [name, version] : type.sent) compare(url, type, name);
}

// A state-of-the-world response withdraws a cluster by leaving it out, so one that must wait is sent along meanwhile.
void ServerSession::keep_withdrawn(const std::string& url, Type& type, const ServedType* old_type) {
  if (variant_ != Variant::kStateOfTheWorld || url != type::kCluster || old_type == nullptr) return;
  std::erase_if(type.lingering, [&](const auto& one) { return find(url, one.first) != nullptr; });
  for (const std::string& name : type.dirty) {
    if (find(url, name) != nullptr || !type.sent.contains(name)) continue;
    if (const auto was = old_type->resources.find(name); was != old_type->resources.end()) {
      type.lingering.insert_or_assign(name, was->second);
    }
  }
}

std::vector<ServerSession::TypeStatus> ServerSession::status() const {
  std::vector<TypeStatus> list;
  list.reserve(types_.size());
  for (const auto& [url, type] : types_) {
    list.push_back({.type_url = url,
                    .subscriptions = type.is_wildcard ? type.sent.size() : type.names.size(),
                    .is_wildcard = type.is_wildcard,
                    .sent_version = type.sent_version,
                    .acked_version = type.acked_version,
                    .refusal = type.refusal,
                    .refused_version = type.refused_version});
  }
  return list;
}

}  // namespace ripstop::xds
