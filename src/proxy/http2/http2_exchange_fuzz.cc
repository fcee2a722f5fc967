// A client's whole HTTP/2 connection through the proxy, frames and upstreams' answers by the same script. Whatever
// comes, the proxy neither crashes nor hangs; nothing reaches an upstream but requests that the client has made, each
// of them whole and well formed; and at the end every exchange is over and reported.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/config/config_store.h"
#include "proxy/listener/connection.h"
#include "proxy/testing/fuzz_upstreams.h"
#include "proxy/worker/worker.h"
#include "runtime/reactor.h"

namespace {

using namespace ripstop;
using namespace ripstop::proxy;
using protocol::require;
using testing::FuzzFrames;
using testing::FuzzScript;
using testing::FuzzUpstream;

constexpr std::string_view kBeginning("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
constexpr int kTurnsToEnd = 400;

struct Tally {
  size_t exchanges = 0;
  size_t attempts = 0;
  uint64_t content = 0;
};

class CountingTelemetry final : public Telemetry {
 public:
  explicit CountingTelemetry(Tally& tally) : tally_(tally) {}
  void on_end(const RequestRecord& record, const std::vector<model::AccessLog>&) override {
    ++tally_.exchanges;
    tally_.attempts += record.attempts;
    tally_.content += record.request_bytes * std::max<size_t>(record.attempts, 1);
  }
  void on_tcp_open(const RequestRecord&) override {}
  void on_tcp_bytes(const RequestRecord&, uint64_t, uint64_t) override {}

 private:
  Tally& tally_;
};

model::Listener listener_of(bool retries) {
  model::Forward forward;
  forward.clusters.push_back({.cluster = "app"});
  if (retries) {
    forward.retry.emplace();
    forward.retry->retries = 2;
    forward.retry->on = model::RetryOn::k5xx | model::RetryOn::kRefusedStream;
    forward.retry->base_interval = std::chrono::nanoseconds(1);
  }
  model::Route route;
  route.match.path = {model::MatchKind::kPresent, ""};
  route.action = std::move(forward);
  model::HttpConnection http;
  http.upgrades = {"websocket", "connect"};
  http.max_request_headers = 20;
  http.max_request_header_bytes = 4000;
  http.inline_routes.emplace();
  http.inline_routes->virtual_hosts.push_back({.name = "all", .domains = {"*"}, .routes = {std::move(route)}});
  model::FilterChain chain;
  chain.filter = std::move(http);
  model::Listener listener;
  listener.name = "web";
  listener.direction = model::Direction::kOutbound;
  listener.default_filter_chain = std::move(chain);
  return listener;
}

model::Cluster cluster_of(SocketAddress address, FuzzUpstream::Kind kind) {
  model::Cluster cluster;
  cluster.name = "app";
  cluster.discovery = model::Discovery::kStatic;
  const bool is_http1 = kind == FuzzUpstream::Kind::kHttp1;
  cluster.protocol = is_http1 ? model::UpstreamProtocol::kHttp1 : model::UpstreamProtocol::kHttp2;
  cluster.assignment.emplace();
  cluster.assignment->cluster = "app";
  cluster.assignment->localities.emplace_back().endpoints.push_back({.address = address});
  return cluster;
}

class Proxied {
 public:
  Proxied(FuzzUpstream& upstream, FuzzUpstream::Kind kind, bool retries) {
    Worker::Parts parts;
    parts.dialer = *ApplicationDialer::open(-1);
    parts.telemetry = std::make_unique<CountingTelemetry>(tally);
    parts.seed = 1;
    worker = std::make_unique<Worker>(std::move(parts));
    store_ = std::make_unique<ConfigStore>(
        secrets_, [this](const std::shared_ptr<const SettingsDelta>& delta) { worker->apply(*delta); });
    require(store_->add_cluster(cluster_of(upstream.address(), kind)).has_value());
    require(store_->add_listener(listener_of(retries)).has_value());
  }

  // The client's end of a connection that is served in `scope`.
  net::StreamPtr connect(runtime::Scope& scope) {
    place_ = std::make_unique<Worker::Place>(*worker, model::Direction::kOutbound);
    seat_ = std::make_unique<Worker::Seat>(*place_);
    ConnectionFacts& facts = place_->facts();
    facts.listener = worker->listeners().find("web");
    facts.chain = facts.listener->default_chain;
    net::StreamPair pair = net::make_memory_streams(size_t{1} << 16);
    scope.spawn(serve_http2(*worker, *seat_, std::move(pair.second), facts, {}));
    return std::move(pair.first);
  }

  Tally tally;
  std::unique_ptr<Worker> worker;

 private:
  SecretStore secrets_;
  std::unique_ptr<ConfigStore> store_;
  std::unique_ptr<Worker::Place> place_;
  std::unique_ptr<Worker::Seat> seat_;
};

// Reads and forgets; every frame must be one.
void hear(net::Stream& client, std::string& heard) {
  char buffer[4096];
  for (;;) {
    const auto got = client.try_read(buffer);
    if (got.state != runtime::Transfer::State::kDone) break;
    heard.append(buffer, got.bytes);
  }
  size_t at = 0;
  while (heard.size() - at >= 9) {
    const auto byte = [&heard, at](size_t i) { return static_cast<uint8_t>(heard[at + i]); };
    const size_t size = size_t{byte(0)} << 16 | size_t{byte(1)} << 8 | byte(2);
    require(size <= 16384 && byte(3) < 10 && (byte(5) & 0x80) == 0);
    if (heard.size() - at < 9 + size) break;
    at += 9 + size;
  }
  heard.erase(0, at);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  runtime::Reactor reactor;
  FuzzScript script(data, size);
  const uint8_t option = script.number();
  const auto kind = static_cast<FuzzUpstream::Kind>(option % 3);
  FuzzUpstream upstream(script, kind);
  Proxied proxied(upstream, kind, (option & 0x40) != 0);
  runtime::Scope connection;
  net::StreamPtr client = proxied.connect(connection);
  static_cast<void>(client->try_write(kBeginning));

  FuzzFrames frames(script);
  std::string heard;
  while (!script.is_over() && connection.size() != 0) {
    if (client->try_write(frames.next()).state == runtime::Transfer::State::kFailed) break;
    for (uint8_t turns = script.number() % 8; turns > 0; --turns) reactor.run_once(Duration::zero());
    hear(*client, heard);
  }
  for (int turn = 0; turn < 20; ++turn) {
    reactor.run_once(Duration::zero());
    hear(*client, heard);
  }
  client = nullptr;
  for (int turn = 0; turn < kTurnsToEnd && connection.size() != 0; ++turn) {
    reactor.run_once(std::chrono::milliseconds(1));
  }
  require(connection.size() == 0);
  require(proxied.worker->counters().requests.value() == 0);
  require(proxied.tally.exchanges == proxied.worker->counters().requests_total.value());
  require(upstream.requests() <= proxied.tally.attempts);
  require(upstream.content() <= proxied.tally.content);
  return 0;
}
