#include "xds/ads_client.h"

#include <utility>
#include <variant>

#include "base/log.h"
#include "runtime/wait.h"

namespace ripstop::xds {
namespace {

constexpr std::string_view kMethod = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

constexpr std::string_view kLog = "xds.client";

// The session is connected for as long as a stream lives, however it ends, cancellation included; `flag` is true only
// within that time.
class Connection {
 public:
  Connection(ClientSession& session, bool& flag) : session_(session), flag_(flag) { session_.connected(); }
  ~Connection() {
    session_.disconnected();
    flag_ = false;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

 private:
  ClientSession& session_;
  bool& flag_;
};

runtime::Task<void> wait_for(runtime::Event& event) {
  co_await event.wait();
}

}  // namespace

AdsClient::AdsClient(Options options, Random& random, OnUpdate on_update)
    : options_(std::move(options)),
      random_(random),
      on_update_(std::move(on_update)),
      back_off_(options_.back_off),
      session_(options_.node) {}

runtime::Task<void> AdsClient::run() {
  while (true) {
    const Error end = co_await run_stream();
    last_failure_ = end.message;
    log::warning(kLog, "no configuration stream: " + end.message);
    co_await runtime::sleep_for(back_off_.next(random_));
  }
}

runtime::Task<Error> AdsClient::run_stream() {
  net::GrpcChannel channel(options_.connector, options_.channel);
  auto call = co_await channel.open(std::string(kMethod), options_.metadata, kNever);
  if (!call) co_return call.error();
  const Connection connection(session_, is_connected_);
  has_requests_.set();
  while (true) {
    has_requests_.clear();
    if (Status sent = co_await send_requests(**call); !sent) co_return sent.error();
    // A read that is given up loses nothing: the call keeps what has arrived.
    auto first = co_await runtime::race((*call)->read(), wait_for(has_requests_));
    if (first.index() == 1) continue;
    auto& message = std::get<0>(first);
    if (!message) co_return message.error();
    if (!*message) {
      co_return Error{ErrorCode::kClosed, ErrorOrigin::kUpstream, Retry::kSafe, "the control plane ended the stream"};
    }
    if (Status handled = handle(**message); !handled) co_return handled.error();
  }
}

runtime::Task<Status> AdsClient::send_requests(net::GrpcCall& call) {
  for (std::string& request : session_.take_requests()) {
    if (Status sent = co_await call.write(std::move(request)); !sent) co_return sent;
  }
  co_return Status{};
}

Status AdsClient::handle(std::string_view message) {
  if (!std::exchange(is_connected_, true)) log::info(kLog, "configured by the control plane");
  auto update = session_.receive(message);
  if (!update) return std::unexpected(std::move(update.error()));
  // A server that makes sense is one worth coming back to quickly.
  back_off_.reset();
  if (*update) on_update_(std::move(**update));
  return {};
}

void AdsClient::subscribe_all(std::string_view type_url) {
  session_.subscribe_all(type_url);
  has_requests_.set();
}

void AdsClient::subscribe(std::string_view type_url, std::string_view name) {
  session_.subscribe(type_url, name);
  has_requests_.set();
}

void AdsClient::unsubscribe(std::string_view type_url, std::string_view name) {
  session_.unsubscribe(type_url, name);
  has_requests_.set();
}

void AdsClient::accept(const Update& update) {
  session_.accept(update);
  has_requests_.set();
}

void AdsClient::reject(const Update& update, std::string_view reason) {
  log::warning(kLog, "refused " + update.type_url + ": " + std::string(reason));
  session_.reject(update, reason);
  has_requests_.set();
}

}  // namespace ripstop::xds
