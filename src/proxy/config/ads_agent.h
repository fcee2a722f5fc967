// The configuration stream: delta ADS from the control plane into the configuration store.
//
// Reconnects for ever with back-off; meanwhile everything that was taken stays in force. An update that cannot be taken
// is refused as a whole with a sentence (NACK). Configuration thread.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/random.h"
#include "net/grpc/grpc_channel.h"
#include "proxy/config/config_store.h"
#include "runtime/scope.h"
#include "xds/client_session.h"

namespace ripstop::proxy {

class AdsAgent {
 public:
  struct Options {
    std::string node;  // serialized envoy.config.core.v3.Node
    net::GrpcChannel::Connector connector;
    net::GrpcChannelOptions channel;
    bool wants_names = false;             // the name table for DNS
    std::set<std::string> local_secrets;  // not to be asked for
  };

  AdsAgent(Options options, ConfigStore& store, Random& random);

  // Until it is cancelled.
  runtime::Task<void> run();

  // Called after every update that was taken.
  void on_change(std::function<void()> call) { on_change_ = std::move(call); }
  [[nodiscard]] bool is_connected() const { return is_connected_; }

 private:
  runtime::Task<Status> stream();
  runtime::Task<Status> send_requests(net::GrpcCall& call);
  Status handle(const std::string& message);
  void follow_references();
  runtime::Task<void> lose_patience();

  Options options_;
  ConfigStore& store_;
  Random& random_;
  xds::ClientSession session_;
  ConfigStore::Wanted asked_;
  std::function<void()> on_change_;
  bool is_connected_ = false;
  runtime::Scope scope_;  // last: its task uses the rest
};

}  // namespace ripstop::proxy
