#include "proxy/config/ads_agent.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "runtime/reactor.h"
#include "runtime/wait.h"
#include "xds/resource.h"

namespace ripstop::proxy {
namespace {

constexpr std::string_view kMethod = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
constexpr Duration kFirstPause = std::chrono::milliseconds(250);
constexpr Duration kLongestPause = std::chrono::seconds(10);
constexpr Duration kPatience = std::chrono::seconds(15);

void follow(xds::ClientSession& session, std::string_view type, const std::set<std::string>& wanted,
            std::set<std::string>& asked) {
  for (const std::string& name : wanted) {
    if (asked.insert(name).second) session.subscribe(type, name);
  }
  std::erase_if(asked, [&](const std::string& name) {
    if (wanted.contains(name)) return false;
    session.unsubscribe(type, name);
    return true;
  });
}

}  // namespace

AdsAgent::AdsAgent(Options options, ConfigStore& store, Random& random)
    : options_(std::move(options)), store_(store), random_(random), session_(options_.node) {
  session_.subscribe_all(xds::type::kCluster);
  session_.subscribe_all(xds::type::kListener);
  if (options_.wants_names) session_.subscribe_all(xds::type::kNameTable);
  follow_references();
}

void AdsAgent::follow_references() {
  ConfigStore::Wanted wanted = store_.wanted();
  for (const std::string& name : options_.local_secrets) wanted.secrets.erase(name);
  follow(session_, xds::type::kSecret, wanted.secrets, asked_.secrets);
  follow(session_, xds::type::kLoadAssignment, wanted.assignments, asked_.assignments);
  follow(session_, xds::type::kRouteTable, wanted.routes, asked_.routes);
}

runtime::Task<Status> AdsAgent::send_requests(net::GrpcCall& call) {
  for (std::string& request : session_.take_requests()) {
    if (Status sent = co_await call.write(std::move(request)); !sent) co_return sent;
  }
  co_return Status{};
}

Status AdsAgent::handle(const std::string& message) {
  auto received = session_.receive(message);
  if (!received) return fail_with(received);
  if (!*received) return {};
  const xds::Update& update = **received;
  if (Status taken = store_.take(update); !taken) {
    log::warning("proxy.xds", "refused " + update.type_url + ": " + taken.error().message);
    session_.reject(update, taken.error().message);
    return {};
  }
  session_.accept(update);
  follow_references();
  if (on_change_) on_change_();
  return {};
}

runtime::Task<Status> AdsAgent::stream() {
  net::GrpcChannel channel(options_.connector, options_.channel);
  auto call = co_await channel.open(std::string(kMethod), {}, kNever);
  if (!call) co_return fail_with(call);
  session_.connected();
  Status sent = co_await send_requests(**call);
  while (sent) {
    auto message = co_await (*call)->read();
    if (!message) co_return fail_with(message);
    if (!*message) co_return fail(ErrorCode::kClosed, "the control plane ended the stream");
    if (!std::exchange(is_connected_, true)) log::info("proxy.xds", "configured by the control plane");
    if (Status handled = handle(**message); !handled) co_return handled;
    sent = co_await send_requests(**call);
  }
  co_return sent;
}

// What a connected control plane does not complete within one to two intervals is used as it is: one cluster without
// endpoints must not hold back every later change.
runtime::Task<void> AdsAgent::lose_patience() {
  for (uint64_t before = 0;;) {
    co_await runtime::sleep_for(kPatience);
    if (store_.is_waiting() && is_connected_) store_.give_up_waiting(before);
    before = store_.generation();
  }
}

runtime::Task<void> AdsAgent::run() {
  scope_.spawn(lose_patience());
  Duration pause = kFirstPause;
  for (;;) {
    const Status ended = co_await stream();
    session_.disconnected();
    const bool was_connected = std::exchange(is_connected_, false);
    if (was_connected) pause = kFirstPause;
    log::warning("proxy.xds", "no configuration stream: " + ended.error().message);
    co_await runtime::sleep_for(pause / 2 + Duration(random_.below(static_cast<uint64_t>(pause.count()))));
    pause = std::min(kLongestPause, pause * 8 / 5);
  }
}

}  // namespace ripstop::proxy
