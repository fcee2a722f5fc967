// A control plane of a few resources on streams in memory, for tests of what follows it. Included by tests only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/grpc/grpc_channel.h"
#include "net/grpc/grpc_server.h"
#include "runtime/event.h"
#include "runtime/scope.h"
#include "runtime/wait.h"
#include "xds/resource.h"
#include "xds/server_session.h"

namespace ripstop::xds::testing {

class MemoryServer {
 public:
  MemoryServer() {
    grpc_.add("/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
              [this](net::GrpcServerCall& call) { return serve(call); });
  }

  void set(const Resource& resource) {
    change(resource.type_url, [&resource](ServedType& type) {
      type.resources[resource.name] = {resource.version, std::make_shared<const std::string>(resource.body), ""};
    });
  }
  void remove(std::string_view type_url, const std::string& name) {
    change(type_url, [&name](ServedType& type) { type.resources.erase(name); });
  }

  net::GrpcChannel::Connector connector() {
    return [this](TimePoint) { return connect(); };
  }
  // Ends every stream, as a server that stops does.
  void stop() { connections_.cancel(); }

  // Of the stream that spoke last; nullptr while it has not asked for the type.
  [[nodiscard]] const ServerSession::TypeStatus* status_of(std::string_view type_url) const {
    for (const ServerSession::TypeStatus& one : status) {
      if (one.type_url == type_url) return &one;
    }
    return nullptr;
  }
  [[nodiscard]] bool is_acknowledged(std::string_view type_url) const {
    const auto* one = status_of(type_url);
    return one != nullptr && !one->acked_version.empty() && one->is_synced();
  }

  bool is_up = true;
  int attempts = 0;
  std::string ignores;  // requests for this type are not heard
  std::vector<ServerSession::TypeStatus> status;

 private:
  template <typename Change>
  void change(std::string_view type_url, Change apply) {
    auto& served = set_[std::string(type_url)];
    ServedType next = served ? *served : ServedType{};
    next.version += "+";
    apply(next);
    served = std::make_shared<const ServedType>(std::move(next));
    changed_.set();
  }

  runtime::Task<Result<net::StreamPtr>> connect() {
    ++attempts;
    if (!is_up) co_return fail(ErrorCode::kUnavailable, "nobody is listening");
    net::StreamPair pair = net::make_memory_streams();
    connections_.spawn(grpc_.serve(std::move(pair.second)));
    co_return std::move(pair.first);
  }

  static runtime::Task<void> wait_for(runtime::Event& event) { co_await event.wait(); }

  runtime::Task<net::GrpcStatus> serve(net::GrpcServerCall& call) {
    ServerSession session(ServerSession::Variant::kDelta);
    while (true) {
      changed_.clear();
      session.update(set_);
      for (std::string& response : session.take_responses()) {
        if (Status sent = co_await call.write(std::move(response)); !sent) co_return net::to_grpc_status(sent.error());
      }
      status = session.status();
      auto first = co_await runtime::race(call.read(), wait_for(changed_));
      if (first.index() == 1) continue;
      const auto& message = std::get<0>(first);
      if (!message) co_return net::to_grpc_status(message.error());
      if (!*message) co_return net::GrpcStatus{};
      if (!ignores.empty() && (**message).find(ignores) != std::string::npos) continue;
      if (Status received = session.receive(**message); !received) co_return net::to_grpc_status(received.error());
    }
  }

  ServedSet set_;
  runtime::Event changed_;
  net::GrpcServer grpc_;
  runtime::Scope connections_;
};

}  // namespace ripstop::xds::testing
