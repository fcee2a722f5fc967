// Which filter chain of a listener takes a connection, and which listener takes a connection that was captured.
//
// Envoy's precedence: destination port, destination IP (longest prefix), server name (exact, then longest wildcard),
// transport protocol, application protocol. Each step takes the most specific entry that fits the connection and never
// comes back to a less specific one: a chain that names the port hides those that do not, even when it fails later.
// What nothing takes goes to the default filter chain.
//
// Compiled once per listener; choosing allocates nothing and costs a binary search per step. Immutable, thread-safe.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>

#include "base/address.h"
#include "base/result.h"
#include "model/listener.h"

namespace ripstop::policy {

// What is known of a connection once the listener filters have looked at its first bytes.
struct ConnectionFacts {
  SocketAddress destination;                                // the original one for captured connections
  std::string_view server_name;                             // of the ClientHello, lower case; empty when there was none
  std::string_view transport_protocol = "raw_buffer";       // or "tls"
  std::span<const std::string_view> application_protocols;  // ALPN in the client's order, or what was sniffed
};

class FilterChains {
 public:
  // Keeps pointers into the listener, which must outlive it. Fails with kInvalidArgument when two chains claim the same
  // connections or a server name is neither exact nor "*.suffix", with kTooLarge past kMaxCombinations.
  static Result<FilterChains> compile(const model::Listener& listener);
  static Result<FilterChains> compile(model::Listener&&) = delete;

  // A chain's lists multiply; all chains of a listener together may come to this many combinations.
  static constexpr size_t kMaxCombinations = 100'000;

  // nullptr: nothing takes the connection, close it (flag NR).
  [[nodiscard]] const model::FilterChain* choose(const ConnectionFacts& facts) const;

 private:
  struct Table;
  std::shared_ptr<const Table> table_;
};

// Chooses among the listeners behind one that has use_original_dst.
class ListenerTable {
 public:
  // The listeners must outlive the table. One with use_original_dst is never a result: it is who asks.
  explicit ListenerTable(std::span<const model::Listener* const> listeners);

  // Exact address and port; else the wildcard address of the same family (or "::", which takes both) and the port; else
  // nullptr: the asking listener serves the connection with its own filter chains.
  [[nodiscard]] const model::Listener* find(const SocketAddress& original_destination) const;

 private:
  std::unordered_map<SocketAddress, const model::Listener*> by_address_;
};

}  // namespace ripstop::policy
