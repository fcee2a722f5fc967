// What is known of the client's connection before its first request.
#pragma once

#include <memory>

#include "base/address.h"
#include "model/cluster.h"
#include "net/stream.h"
#include "proxy/worker/settings.h"

namespace ripstop::proxy {

// Lives as long as its connection, idle or not, so it is kept small.
struct ConnectionFacts {
  ListenerRef listener;
  ChainRef chain;  // null until it is chosen
  const net::TlsSession* tls = nullptr;
  // What the client's proxy says of its workload; once known it holds for the connection. Null: unknown.
  std::unique_ptr<const model::PeerLabels> peer;
  SocketAddress local;  // original destination where there is one
  SocketAddress remote;
  bool has_original_destination = false;

  [[nodiscard]] model::Direction direction() const { return listener->model->direction; }
};

}  // namespace ripstop::proxy
