#include "proxy/config/config_stream.h"

#include <utility>

#include "runtime/scope.h"
#include "runtime/wait.h"
#include "xds/resource.h"

namespace ripstop::proxy {
namespace {

void follow(xds::AdsClient& client, std::string_view type, const std::set<std::string>& wanted,
            std::set<std::string>& asked) {
  for (const std::string& name : wanted) {
    if (asked.insert(name).second) client.subscribe(type, name);
  }
  std::erase_if(asked, [&](const std::string& name) {
    if (wanted.contains(name)) return false;
    client.unsubscribe(type, name);
    return true;
  });
}

}  // namespace

xds::BackOff::Limits ConfigStream::back_off() {
  return {.first = std::chrono::milliseconds(250), .longest = std::chrono::seconds(10), .growth = 1.6, .jitter = 0.5};
}

ConfigStream::ConfigStream(Options options, ConfigStore& store, Random& random)
    : store_(store),
      local_secrets_(std::move(options.local_secrets)),
      patience_(options.patience),
      client_(std::move(options.client), random, [this](const xds::Update& update) { take(update); }) {
  client_.subscribe_all(xds::type::kCluster);
  client_.subscribe_all(xds::type::kListener);
  if (options.wants_names) client_.subscribe_all(xds::type::kNameTable);
  follow_references();
}

void ConfigStream::follow_references() {
  ConfigStore::Wanted wanted = store_.wanted();
  for (const std::string& name : local_secrets_) wanted.secrets.erase(name);
  follow(client_, xds::type::kSecret, wanted.secrets, asked_.secrets);
  follow(client_, xds::type::kLoadAssignment, wanted.assignments, asked_.assignments);
  follow(client_, xds::type::kRouteTable, wanted.routes, asked_.routes);
}

void ConfigStream::take(const xds::Update& update) {
  if (Status taken = store_.take(update); !taken) {
    client_.reject(update, taken.error().message);
    return;
  }
  client_.accept(update);
  follow_references();
}

runtime::Task<void> ConfigStream::lose_patience() {
  for (uint64_t before = 0;;) {
    co_await runtime::sleep_for(patience_);
    const uint64_t until = std::exchange(before, store_.generation());
    if (!store_.is_waiting() || !is_connected()) continue;
    store_.give_up_waiting(until);
    follow_references();
  }
}

runtime::Task<void> ConfigStream::run() {
  runtime::Scope scope;
  scope.spawn(lose_patience());
  co_await client_.run();
}

}  // namespace ripstop::proxy
