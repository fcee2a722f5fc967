// What to send when; requests are server_session.cc's.
#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "base/hash.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "xds/server_session.h"
#include "xds/wire/message.h"

namespace ripstop::xds {
namespace {

namespace discovery = envoy::service::discovery::v3;

// gRPC clients take 4 MiB unless told otherwise. A single resource above this is sent all the same.
constexpr size_t kMaxDeltaBytes = size_t{3} << 20;

bool is_withdrawn_last(std::string_view url) {
  return url == type::kCluster || url == type::kLoadAssignment;
}

bool is_full_state(std::string_view url) {
  return url == type::kListener || url == type::kCluster;
}

template <typename Message>
void set_any(const std::string& url, const ServedResource& resource, Message* any) {
  any->set_type_url(url);
  any->set_value(*resource.body);
}

}  // namespace

std::vector<std::string> ServerSession::take_responses() {
  std::vector<std::string> responses;
  if (!has_set_) return responses;
  for (auto& [url, type] : types_) {
    if (type.is_pending() && !type.in_flight && !must_wait(url)) respond(url, type, responses);
  }
  for (auto& [url, type] : types_) {
    if (is_withdrawn_last(url) && !type.in_flight && is_settled()) withdraw(url, type, responses);
  }
  return responses;
}

// Listeners and routes may name clusters that the client must have first.
bool ServerSession::must_wait(std::string_view url) const {
  if (url != type::kListener && url != type::kRouteTable) return false;
  const auto clusters = types_.find(type::kCluster);
  return clusters != types_.end() && clusters->second.is_busy();
}

// Nothing that could still use a withdrawn cluster is on its way.
bool ServerSession::is_settled() const {
  for (const auto& [url, type] : types_) {
    if (is_withdrawn_last(url) ? type.is_pending() : type.is_busy()) return false;
  }
  return true;
}

void ServerSession::respond(const std::string& url, Type& type, std::vector<std::string>& responses) {
  const bool is_delta = variant_ == Variant::kDelta;
  const bool must_respond = std::exchange(type.must_respond, false);
  const Batch batch = is_delta             ? make_delta_batch(url, type)
                      : is_full_state(url) ? make_full_batch(url, type)
                                           : make_partial_batch(url, type);
  if (!batch.is_due && !must_respond) return;
  note_sent(url, type, batch);
  send(url, type, batch, responses);
}

ServerSession::Batch ServerSession::make_delta_batch(const std::string& url, Type& type) {
  Batch batch;
  size_t bytes = 0;
  auto names = std::exchange(type.dirty, {});
  names.insert(type.forced.begin(), type.forced.end());
  for (const std::string& name : names) {
    const ServedResource* resource = find(url, name);
    const auto sent = type.sent.find(name);
    const bool has = sent != type.sent.end();
    const bool is_forced = type.forced.contains(name);
    if (resource != nullptr && (is_forced || !has || sent->second != content_hash(resource->version))) {
      if (bytes != 0 && bytes + resource->body->size() > kMaxDeltaBytes) {
        if (!is_forced) type.dirty.insert(name);
        continue;
      }
      bytes += resource->body->size() + 1;
      batch.resources.emplace_back(name, resource);
    } else if (resource == nullptr && !is_forced && has && is_withdrawn_last(url)) {
      type.withdrawals.insert(name);
    } else if (resource == nullptr && (is_forced || has)) {
      batch.removed.push_back(name);
    }
    type.forced.erase(name);
  }
  batch.is_due = !batch.resources.empty() || !batch.removed.empty();
  return batch;
}

// Of what may be sent in parts; that something is gone cannot be said there.
ServerSession::Batch ServerSession::make_partial_batch(const std::string& url, Type& type) {
  Batch batch;
  auto names = std::exchange(type.dirty, {});
  const auto forced = std::exchange(type.forced, {});
  names.insert(forced.begin(), forced.end());
  for (const std::string& name : names) {
    const ServedResource* resource = find(url, name);
    const auto sent = type.sent.find(name);
    const bool has = sent != type.sent.end();
    if (resource == nullptr) {
      type.sent.erase(name);
    } else if (forced.contains(name) || !has || sent->second != content_hash(resource->version)) {
      batch.resources.emplace_back(name, resource);
    }
  }
  batch.is_due = !batch.resources.empty();
  return batch;
}

ServerSession::Batch ServerSession::make_full_batch(const std::string& url, Type& type) {
  Batch batch;
  if (const ServedType* all = served(url); all != nullptr) {
    for (const auto& [name, resource] : all->resources) {
      if (type.wants(name)) batch.resources.emplace_back(name, &resource);
    }
  }
  for (const auto& [name, resource] : type.lingering) batch.resources.emplace_back(name, &resource);
  batch.is_due = !type.forced.empty() || batch.resources.size() != type.sent.size();
  for (const auto& [name, resource] : batch.resources) {
    const auto sent = type.sent.find(name);
    if (sent == type.sent.end() || sent->second != content_hash(resource->version)) batch.is_due = true;
  }
  type.dirty.clear();
  type.forced.clear();
  return batch;
}

void ServerSession::note_sent(const std::string& url, Type& type, const Batch& batch) {
  const auto assignments = types_.find(type::kLoadAssignment);
  const bool is_whole = variant_ == Variant::kStateOfTheWorld && is_full_state(url);
  std::unordered_map<std::string, uint64_t> whole;
  for (const auto& [name, resource] : batch.resources) {
    const uint64_t version = content_hash(resource->version);
    const auto sent = type.sent.find(name);
    const bool is_repeated = is_whole && sent != type.sent.end() && sent->second == version;
    if (!is_repeated && assignments != types_.end() && !resource->assignment.empty() &&
        assignments->second.sent.contains(resource->assignment)) {
      assignments->second.forced.insert(resource->assignment);
    }
    (is_whole ? whole : type.sent)[name] = version;
  }
  for (const std::string& name : batch.removed) type.sent.erase(name);
  if (is_whole) type.sent = std::move(whole);
}

void ServerSession::send(const std::string& url, Type& type, const Batch& batch, std::vector<std::string>& responses) {
  const ServedType* all = served(url);
  const std::string version = all == nullptr ? std::string() : all->version;
  const std::string nonce = fmt::format("{:x}", next_nonce_++);
  if (variant_ == Variant::kDelta) {
    discovery::DeltaDiscoveryResponse response;
    response.set_type_url(url);
    response.set_nonce(nonce);
    response.set_system_version_info(version);
    for (const auto& [name, resource] : batch.resources) {
      auto* one = response.add_resources();
      one->set_name(name);
      one->set_version(resource->version);
      set_any(url, *resource, one->mutable_resource());
    }
    for (const std::string& name : batch.removed) response.add_removed_resources(name);
    responses.push_back(response.SerializeAsString());
  } else {
    discovery::DiscoveryResponse response;
    response.set_type_url(url);
    response.set_nonce(nonce);
    response.set_version_info(version);
    for (const auto& [name, resource] : batch.resources) set_any(url, *resource, response.add_resources());
    responses.push_back(response.SerializeAsString());
  }
  type.last_nonce = nonce;
  type.sent_version = version;
  type.in_flight = InFlight{.nonce = nonce, .version = version};
}

void ServerSession::withdraw(const std::string& url, Type& type, std::vector<std::string>& responses) {
  if (!type.lingering.empty()) {
    type.lingering.clear();
    respond(url, type, responses);
    return;
  }
  Batch batch;
  for (const std::string& name : std::exchange(type.withdrawals, {})) {
    if (find(url, name) == nullptr && type.sent.contains(name)) batch.removed.push_back(name);
  }
  if (batch.removed.empty()) return;
  note_sent(url, type, batch);
  send(url, type, batch, responses);
}

}  // namespace ripstop::xds
