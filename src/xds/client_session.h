// The client's half of a delta ADS stream, for all types at once, without I/O: bytes in, bytes out.
//
// The owner opens a stream, calls connected(), sends what take_requests() gives, feeds every message to receive() and
// answers each update it gets with accept() or reject(). Subscriptions may change at any time, connected or not; they
// and the versions of what was accepted outlive the stream, so that after a reconnect only differences are sent.
//
// Kept from the protocol: the node goes in the first request of a stream only; an ACK or NACK carries its response's
// nonce and never a change of subscriptions, which istiod would lose; resources nobody asked for are passed over; a
// response that names a resource twice or that cannot be read is refused as a whole.
//
// Not thread-safe; one per stream owner.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "xds/type_order.h"

namespace ripstop::xds {

// One response, waiting for the owner's verdict.
struct Update {
  struct Item {
    std::string name;
    std::string version;
    std::string body;  // for the decoders of decode.h
  };
  std::string type_url;
  std::string nonce;
  uint64_t stream = 0;  // which stream it came by; a verdict on an earlier one's is remembered but not sent
  std::vector<Item> resources;
  std::vector<std::string> removed;  // no longer, or never, there
};

class ClientSession {
 public:
  // `node` is a serialized envoy.config.core.v3.Node with a non-empty id.
  explicit ClientSession(std::string node) : node_(std::move(node)) {}

  // Every resource of the type, as for listeners, clusters and the name table.
  void subscribe_all(std::string_view type_url);
  void subscribe(std::string_view type_url, std::string_view name);
  // The owner forgets the resource; so does the session.
  void unsubscribe(std::string_view type_url, std::string_view name);

  // A stream is open: whatever was outstanding on the one before is void.
  void connected();
  void disconnected();

  // The messages to send now, in this order. Empty when there is nothing to say or no stream.
  [[nodiscard]] std::vector<std::string> take_requests();

  // Nothing for a response that the session has dealt with itself. An error means that the server does not speak the
  // protocol; the stream should be closed and opened anew.
  [[nodiscard]] Result<std::optional<Update>> receive(std::string_view message);

  // The update is in force: acknowledges it and remembers its versions.
  void accept(const Update& update);
  // Nothing of the update is in force; `reason` is a sentence for the people who run the control plane.
  void reject(const Update& update, std::string_view reason);

  // Of the resource that is in force; empty when there is none.
  [[nodiscard]] std::string_view version(std::string_view type_url, std::string_view name) const;

 private:
  struct Type {
    bool wants_all = false;
    bool is_introduced = false;  // the first request of this stream was sent
    std::set<std::string, std::less<>> names;
    std::map<std::string, std::string, std::less<>> versions;  // of what is in force
    std::set<std::string, std::less<>> to_subscribe;           // not yet told to the server
    std::set<std::string, std::less<>> to_unsubscribe;

    [[nodiscard]] bool wants(std::string_view name) const { return wants_all || names.contains(name); }
  };

  Type& type(std::string_view type_url);
  void add_verdict(const Update& update, std::optional<std::string_view> refusal);
  void add_introductions(std::vector<std::string>& requests);
  void add_changes(std::vector<std::string>& requests);

  std::string node_;
  bool is_connected_ = false;
  bool has_sent_node_ = false;
  uint64_t stream_ = 0;
  std::map<std::string, Type, TypeOrder> types_;
  std::vector<std::string> verdicts_;
};

}  // namespace ripstop::xds
