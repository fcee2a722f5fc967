// The port for proxies: TLS with the control plane's certificate, then gRPC.
#pragma once

#include "base/time.h"
#include "control/push/server_identity.h"
#include "net/grpc/grpc_server.h"
#include "net/stream.h"
#include "runtime/scope.h"

namespace ripstop::control {

class SecureServer {
 public:
  static constexpr size_t kMaxConnections = 20'000;

  // Both must outlive the server.
  SecureServer(ServerIdentity& identity, net::GrpcServer& services) : identity_(identity), services_(services) {}

  // Serves a plain connection from its TLS handshake to its end; closes it when there are too many.
  void take(net::StreamPtr plain);
  // Lets connections end in order; true once all have.
  [[nodiscard]] runtime::Event::Awaiter drain(TimePoint deadline);
  // Breaks off what is left. Not from inside a call.
  void cancel() { connections_.cancel(); }

 private:
  runtime::Task<void> serve(net::StreamPtr plain);

  ServerIdentity& identity_;
  net::GrpcServer& services_;
  runtime::Scope connections_;
};

}  // namespace ripstop::control
