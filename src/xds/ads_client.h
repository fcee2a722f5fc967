// Keeps one delta ADS stream to the control plane open, for ever: a ClientSession on gRPC, with back-off.
//
// Updates go to the owner, who answers each by accept() or reject(), at once or after warming. While the control plane
// is away nothing is taken back: what was accepted stays in force, and the next stream begins with its versions.
//
// Every stream has a connection of its own, so that a stream after a renewal presents the new certificate. One thread.
// The owner's callback must not destroy the client or its task.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "net/grpc/grpc_channel.h"
#include "net/http2/http2_stream.h"
#include "runtime/event.h"
#include "runtime/task.h"
#include "xds/back_off.h"
#include "xds/client_session.h"

namespace ripstop::xds {

class AdsClient {
 public:
  struct Options {
    std::string node;  // as for ClientSession
    net::GrpcChannel::Connector connector;
    net::GrpcChannelOptions channel;
    BackOff::Limits back_off;
    net::FieldBlock metadata;  // sent with every stream, for credentials
  };
  using OnUpdate = std::function<void(Update)>;

  // The generator must outlive the client.
  AdsClient(Options options, Random& random, OnUpdate on_update);
  AdsClient(const AdsClient&) = delete;
  AdsClient& operator=(const AdsClient&) = delete;

  // Runs until it is cancelled.
  runtime::Task<void> run();

  // As ClientSession has them; they may be called before run() and from within the callback.
  void subscribe_all(std::string_view type_url);
  void subscribe(std::string_view type_url, std::string_view name);
  void unsubscribe(std::string_view type_url, std::string_view name);
  void accept(const Update& update);
  void reject(const Update& update, std::string_view reason);

  // There is a stream, and the server has said something on it: one that is about to be refused does not count.
  [[nodiscard]] bool is_connected() const { return is_connected_; }
  // Why there is no stream, or why there was none last; empty before the first failure.
  [[nodiscard]] std::string_view last_failure() const { return last_failure_; }
  [[nodiscard]] const ClientSession& session() const { return session_; }

 private:
  // One stream from its opening to its end, which is always an error.
  runtime::Task<Error> run_stream();
  runtime::Task<Status> send_requests(net::GrpcCall& call);
  Status handle(std::string_view message);

  Options options_;
  Random& random_;
  OnUpdate on_update_;
  BackOff back_off_;
  ClientSession session_;
  runtime::Event has_requests_;
  bool is_connected_ = false;
  std::string last_failure_;
};

}  // namespace ripstop::xds
