// The server's half of one ADS stream, delta or state-of-the-world, for one connected client and all types at once,
// without I/O: bytes in, bytes out.
//
// The owner feeds every request to receive(), learns from node() who is there, gives the client's resources by
// update() whenever they change, and sends what take_responses() gives after either call.
//
// Promises:
// - Only what the client asked for and does not have yet is sent; equal content is never sent twice unless the client
//   asks again, and refused content (NACK) not before it changes.
// - One response per type is outstanding at a time; what changes meanwhile is merged into the next.
// - Make before break: clusters, assignments, listeners, routes, secrets, names, in this order; listeners and routes
//   wait until the client has the clusters; clusters and assignments that are gone are withdrawn last, when all else
//   is acknowledged.
// - The assignment of a cluster that was sent is sent again after it, since the client waits for it.
// - Names that do not exist (yet) are remembered; a delta client is told so at once.
//
// Bodies are shared: thousands of sessions hold one copy. Not thread-safe; one per stream.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "xds/type_order.h"

namespace ripstop::xds {

struct ServedResource {
  std::string version;
  std::shared_ptr<const std::string> body;
  std::string assignment;  // clusters by EDS: the name of the assignment that must follow; else empty
};

// All resources of one type that one client may see. Immutable once it is served.
struct ServedType {
  std::string version;  // of the whole, for status and for SotW's version_info
  std::map<std::string, ServedResource, std::less<>> resources;
};

// By type URL. Types that did not change since the last set keep their pointer, and then cost nothing.
using ServedSet = std::map<std::string, std::shared_ptr<const ServedType>, TypeOrder>;

// What a client has told about itself, once.
struct ClientNode {
  std::string id;
  std::string cluster;
  std::string user_agent;
  std::string message;  // the serialized envoy.config.core.v3.Node
};

class ServerSession {
 public:
  enum class Variant : uint8_t { kDelta, kStateOfTheWorld };

  // For `ripstop status`: how far the client is with one type.
  struct TypeStatus {
    std::string type_url;
    size_t subscriptions = 0;  // names asked for; all of them for a wildcard
    bool is_wildcard = false;
    std::string sent_version;
    std::string acked_version;
    std::string refusal;  // the client's sentence, empty when the last answer was an ACK
    std::string refused_version;
    [[nodiscard]] bool is_synced() const { return refusal.empty() && sent_version == acked_version; }
  };

  explicit ServerSession(Variant variant) : variant_(variant) {}

  // An error means that the stream must be closed with INVALID_ARGUMENT and the error's message.
  [[nodiscard]] Status receive(std::string_view message);

  // Known after the first request.
  [[nodiscard]] const std::optional<ClientNode>& node() const { return node_; }

  // The resources that the client shall have from now on. With `changed`, the caller vouches that no name of that type
  // outside the list differs from the last set, so that the cost is that of the change alone; types not in the list are
  // compared in full when their pointer is new.
  using ChangedNames = std::map<std::string, std::vector<std::string>, TypeOrder>;
  void update(ServedSet set, const ChangedNames& changed = {});

  // The messages to send now, in this order.
  [[nodiscard]] std::vector<std::string> take_responses();

  [[nodiscard]] std::vector<TypeStatus> status() const;

 private:
  struct InFlight {
    std::string nonce;
    std::string version;
  };

  struct Type {
    bool is_wildcard = false;
    bool has_named = false;     // some name was sent, so an empty list no longer means everything
    bool must_respond = false;  // even when there is nothing to tell
    std::set<std::string, std::less<>> names;
    std::unordered_map<std::string, uint64_t> sent;   // name -> hash of the version the client was given
    std::set<std::string, std::less<>> dirty;         // names to look at
    std::set<std::string, std::less<>> forced;        // names to answer for, changed or not
    std::set<std::string, std::less<>> withdrawals;   // names to remove once all else has settled
    std::map<std::string, ServedResource> lingering;  // SotW: withdrawn clusters, kept until then
    std::optional<InFlight> in_flight;
    std::string last_nonce;
    std::string acked_version;
    std::string sent_version;
    std::string refusal;
    std::string refused_version;

    [[nodiscard]] bool wants(std::string_view name) const { return is_wildcard || names.contains(name); }
    [[nodiscard]] bool is_pending() const { return must_respond || !dirty.empty() || !forced.empty(); }
    [[nodiscard]] bool is_busy() const { return in_flight.has_value() || is_pending(); }
  };

  // What one response will hold.
  struct Batch {
    std::vector<std::pair<std::string, const ServedResource*>> resources;
    std::vector<std::string> removed;
    bool is_due = false;  // the client does not have this yet, or asked for it
  };

  Status receive_delta(std::string_view message);
  Status receive_sotw(std::string_view message);
  template <typename Request>
  Status admit(const Request& request);
  template <typename Request>
  static void settle(const Request& request, Type& type);

  void subscribe(const std::string& url, Type& type, const std::string& name);
  static void unsubscribe(Type& type, const std::string& name);
  void want_all(const std::string& url, Type& type);
  static void stop_wanting_all(Type& type);
  void replace_names(const std::string& url, Type& type, std::set<std::string, std::less<>> names);

  [[nodiscard]] const ServedType* served(std::string_view url) const;
  [[nodiscard]] const ServedResource* find(std::string_view url, std::string_view name) const;
  void compare(const std::string& url, Type& type, const std::string& name);
  void compare_all(const std::string& url, Type& type);
  void keep_withdrawn(const std::string& url, Type& type, const ServedType* old_type);

  void respond(const std::string& url, Type& type, std::vector<std::string>& responses);
  [[nodiscard]] Batch make_delta_batch(const std::string& url, Type& type);
  [[nodiscard]] Batch make_partial_batch(const std::string& url, Type& type);
  [[nodiscard]] Batch make_full_batch(const std::string& url, Type& type);
  void note_sent(const std::string& url, Type& type, const Batch& batch);
  void send(const std::string& url, Type& type, const Batch& batch, std::vector<std::string>& responses);
  [[nodiscard]] bool must_wait(std::string_view url) const;
  [[nodiscard]] bool is_settled() const;
  void withdraw(const std::string& url, Type& type, std::vector<std::string>& responses);

  Variant variant_;
  std::optional<ClientNode> node_;
  bool has_set_ = false;
  ServedSet set_;
  std::map<std::string, Type, TypeOrder> types_;
  uint64_t next_nonce_ = 1;
};

}  // namespace ripstop::xds
