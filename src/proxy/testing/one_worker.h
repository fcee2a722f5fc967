// One worker on the test's own thread, with a listener and an upstream on loopback: real exchanges without processes.
// Included by tests only.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/config/config_store.h"
#include "proxy/worker/worker.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"
#include "runtime/wait.h"

namespace ripstop::proxy::testing {

// Keeps what it is told.
class RecordingTelemetry final : public Telemetry {
 public:
  struct Line {
    uint16_t status = 0;
    std::string details;
    ResponseFlag flag = ResponseFlag::kNone;
    uint32_t attempts = 0;
    uint64_t request_bytes = 0;
    uint64_t response_bytes = 0;
    std::string failure;
    protocol::Version version = protocol::Version::kHttp11;
    std::optional<uint32_t> grpc_status;
  };
  // Reports of bytes received and sent.
  using TcpBytes = std::vector<std::pair<uint64_t, uint64_t>>;
  RecordingTelemetry(std::vector<Line>& lines, TcpBytes& tcp_bytes) : lines_(lines), tcp_bytes_(tcp_bytes) {}
  void on_end(const RequestRecord& record, const std::vector<model::AccessLog>&) override {
    lines_.push_back({record.status, std::string(record.details), record.flags[0], record.attempts,
                      record.request_bytes, record.response_bytes, std::string(record.transport_failure)});
    if (record.request != nullptr) lines_.back().version = record.request->version;
    if (record.has_grpc_status) lines_.back().grpc_status = record.grpc_status;
  }
  void on_tcp_open(const RequestRecord&) override {}
  void on_tcp_bytes(const RequestRecord&, uint64_t received, uint64_t sent) override {
    tcp_bytes_.emplace_back(received, sent);
  }

 private:
  std::vector<Line>& lines_;
  TcpBytes& tcp_bytes_;
};

// An upstream that answers each connection by a script: a list of (bytes to wait for at the end, answer). An empty
// answer closes.
struct ScriptedUpstream {
  struct Step {
    std::string expects;  // the received text ends with this
    std::string answer;
    bool closes = false;
  };

  ScriptedUpstream() : acceptor(*runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}})) {
    scope.spawn(accept_all(*this));
  }
  [[nodiscard]] SocketAddress address() const { return *acceptor.local_address(); }

  static runtime::Task<void> accept_all(ScriptedUpstream& self) {
    for (;;) {
      auto fd = co_await self.acceptor.accept();
      if (!fd) co_return;
      ++self.connections;
      auto socket = runtime::Socket::adopt(std::move(*fd));
      self.scope.spawn(serve(self, net::make_tcp_stream(std::move(*socket))));
    }
  }

  static runtime::Task<void> serve(ScriptedUpstream& self, net::StreamPtr stream) {
    while (!self.steps.empty()) {
      const Step step = self.steps.front();
      self.steps.pop_front();
      std::string got;
      char buffer[4096];
      while (!got.ends_with(step.expects)) {
        auto count = co_await net::read_some(*stream, buffer, kNever);
        if (!count || *count == 0) co_return;
        got.append(buffer, *count);
      }
      self.received.push_back(got);
      co_await net::write_all(*stream, step.answer, kNever);
      if (step.closes) co_return;
    }
    char end;
    co_await net::read_some(*stream, {&end, 1}, kNever);
  }

  runtime::Acceptor acceptor;
  std::deque<Step> steps;
  std::vector<std::string> received;
  int connections = 0;
  runtime::Scope scope;  // last: its tasks use the rest
};

class OneWorker {
 public:
  explicit OneWorker(Duration drain_time = std::chrono::seconds(5), size_t most_connections = SIZE_MAX) {
    Worker::Parts parts;
    parts.dialer = *ApplicationDialer::open(-1);
    parts.telemetry = std::make_unique<RecordingTelemetry>(lines, tcp_bytes);
    parts.seed = 1;
    parts.drain_time = drain_time;
    parts.most_connections = most_connections;
    worker = std::make_unique<Worker>(std::move(parts));
    store = std::make_unique<ConfigStore>(
        secrets, [this](const std::shared_ptr<const SettingsDelta>& delta) { worker->apply(*delta); });
  }

  // A plain listener on a free port whose connection manager has these routes.
  SocketAddress listen(model::HttpConnection http) {
    model::FilterChain chain;
    chain.filter = std::move(http);
    return listen(std::move(chain));
  }

  SocketAddress listen(model::FilterChain chain) {
    auto socket = *runtime::open_listener({SocketAddress{IpAddress::loopback_v4(), 0}, {}});
    auto acceptor = *runtime::Acceptor::adopt(std::move(socket));
    model::Listener listener;
    listener.name = "test-" + std::to_string(worker->listeners().all().size());
    listener.address = *acceptor.local_address();
    listener.direction = model::Direction::kOutbound;
    listener.default_filter_chain = std::move(chain);
    const SocketAddress address = listener.address;
    const std::string name = listener.name;
    const Status added = store->add_listener(std::move(listener));
    EXPECT_TRUE(added) << added.error().message;
    worker->listen(name, acceptor.release());
    return address;
  }

  void add_cluster(const std::string& name, std::vector<SocketAddress> addresses,
                   const std::function<void(model::Cluster&)>& adjust = {}) {
    model::Cluster cluster;
    cluster.name = name;
    cluster.discovery = model::Discovery::kStatic;
    cluster.assignment.emplace();
    cluster.assignment->cluster = name;
    cluster.assignment->localities.emplace_back();
    for (const SocketAddress& address : addresses) {
      cluster.assignment->localities[0].endpoints.push_back({.address = address});
    }
    if (adjust) adjust(cluster);
    const Status added = store->add_cluster(std::move(cluster));
    EXPECT_TRUE(added) << added.error().message;
  }

  // Sends `request` on a new connection and gives all that comes back until the proxy closes, or until `until` stands
  // at the end.
  std::string exchange(SocketAddress address, std::string request, std::string until = {}) {
    std::string heard;
    runtime::Scope scope;
    scope.spawn(talk(address, std::move(request), std::move(until), heard));
    for (int turn = 0; turn < 10'000 && scope.size() != 0; ++turn) reactor.run_once(std::chrono::milliseconds(20));
    EXPECT_EQ(scope.size(), 0U) << "the exchange did not end; heard: " << heard;
    return heard;
  }

  static runtime::Task<void> talk(SocketAddress address, std::string request, std::string until, std::string& heard) {
    auto socket = co_await runtime::connect({address, {}}, kNever);
    EXPECT_TRUE(socket);
    const net::StreamPtr stream = net::make_tcp_stream(std::move(*socket));
    co_await net::write_all(*stream, request, kNever);
    char buffer[4096];
    while (until.empty() || !heard.ends_with(until)) {
      auto count = co_await net::read_some(*stream, buffer, kNever);
      if (!count || *count == 0) co_return;
      heard.append(buffer, *count);
    }
  }

  runtime::Reactor reactor;
  std::vector<RecordingTelemetry::Line> lines;
  RecordingTelemetry::TcpBytes tcp_bytes;
  SecretStore secrets;
  std::unique_ptr<Worker> worker;
  std::unique_ptr<ConfigStore> store;
};

// Everything goes to `cluster`.
inline model::HttpConnection route_all_to(const std::string& cluster,
                                          const std::function<void(model::Forward&)>& adjust = {}) {
  model::Forward forward;
  forward.clusters.push_back({.cluster = cluster});
  if (adjust) adjust(forward);
  model::Route route;
  route.name = "all";
  route.action = std::move(forward);
  model::VirtualHost host;
  host.name = "all";
  host.domains = {"*"};
  host.routes.push_back(std::move(route));
  model::HttpConnection http;
  http.inline_routes.emplace();
  http.inline_routes->name = "inline";
  http.inline_routes->virtual_hosts.push_back(std::move(host));
  http.generate_request_id = false;
  http.server_name.clear();
  return http;
}

}  // namespace ripstop::proxy::testing
