// The configuration stream of the proxy: asks the control plane for what the configuration refers to, gives what comes
// to the configuration store, and answers with its verdict.
//
// An update that cannot be taken is refused as a whole with the store's sentence (NACK), and what was in force before
// stays. Configuration thread.
#pragma once

#include <set>
#include <string>

#include "base/random.h"
#include "base/time.h"
#include "proxy/config/config_store.h"
#include "runtime/task.h"
#include "xds/ads_client.h"

namespace ripstop::proxy {

class ConfigStream {
 public:
  struct Options {
    xds::AdsClient::Options client;
    bool wants_names = false;             // the name table for DNS
    std::set<std::string> local_secrets;  // not to be asked for
    // What a connected control plane does not complete within one to two of these is used as it is: one cluster
    // without endpoints must not hold back every later change.
    Duration patience = std::chrono::seconds(15);
  };

  // A quarter of a second, up to ten, spread by half: a proxy without configuration is of no use to anybody, and a
  // thousand of them must not come back at once.
  [[nodiscard]] static xds::BackOff::Limits back_off();

  ConfigStream(Options options, ConfigStore& store, Random& random);

  // Until it is cancelled.
  runtime::Task<void> run();

  // Asks for what the configuration refers to by now, and no longer for what it does not. To be called after changes
  // that did not come by this stream.
  void follow_references();
  [[nodiscard]] bool is_connected() const { return client_.is_connected(); }

 private:
  void take(const xds::Update& update);
  runtime::Task<void> lose_patience();

  ConfigStore& store_;
  std::set<std::string> local_secrets_;
  Duration patience_;
  ConfigStore::Wanted asked_;
  xds::AdsClient client_;
};

}  // namespace ripstop::proxy
